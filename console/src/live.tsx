/** What happens now: one stream of server-sent events for the whole console, kept for a few minutes. */
import {createContext, ReactNode, useContext, useEffect, useMemo, useRef, useState} from 'react';

export interface ModelSecond {model: string; answered: number; refused: number; rows: number; mean_ms: number}
export interface Second {at: number; models: ModelSecond[]; ledger_entries: number}
export interface Alert {
  number: number; detector: string; version: string; severity: string; title: string; principals: string[];
  first: number; last: number; times: number; atlas?: string; evidence: Record<string, unknown>;
}
export interface Watched {
  version: string; queries: number; detectors: string[]; without?: string[]; not_watched_because?: string;
  drift?: {at: number; index: number; column: string}[]; drift_window?: number;
}

export interface Live {
  connected: boolean;
  seconds: Second[];     // the last ones, the oldest first
  alerts: Alert[];       // since the page was opened, the newest first
  incidents: {incident: number; title: string; state: string; severity: string}[];
  detectors: Watched[] | null;
  changes: number;       // grows with every change of what the service remembers
}

export const KEPT_SECONDS = 180;
const KEPT_EVENTS = 100;
const SILENCE_MS = 6000;  // the service writes every second
const NOTHING: Live = {connected: false, seconds: [], alerts: [], incidents: [], detectors: null, changes: 0};

const LiveContext = createContext<Live>(NOTHING);

export function useLive(): Live {
  return useContext(LiveContext);
}

/** What one event makes of what is known. Pure. */
export function advance(live: Live, name: string, data: unknown): Live {
  const last = (live.seconds.length < KEPT_SECONDS ? live.seconds : live.seconds.slice(1));
  switch (name) {
    case 'traffic': return {...live, connected: true, seconds: [...last, data as Second]};
    case 'alert': return {...live, alerts: [data as Alert, ...live.alerts].slice(0, KEPT_EVENTS)};
    case 'incident': return {...live, incidents: [data as Live['incidents'][0], ...live.incidents].slice(0, KEPT_EVENTS),
      changes: live.changes + 1};
    case 'detectors': return {...live, detectors: (data as {versions: Watched[]}).versions};
    case 'changed': return {...live, changes: live.changes + 1};
    default: return live;
  }
}

export function LiveProvider({children, onEnd}: {children: ReactNode; onEnd: () => void}) {
  const [live, setLive] = useState(NOTHING);
  const ended = useRef(onEnd);
  ended.current = onEnd;
  useEffect(() => {
    let source: EventSource, heard = Date.now(), closed = false;
    const open = () => {
      source = new EventSource('/v1/stream');
      for (const name of ['traffic', 'alert', 'incident', 'detectors', 'changed'])
        source.addEventListener(name, (event) => {
          heard = Date.now();
          const data: unknown = JSON.parse((event as MessageEvent<string>).data);
          setLive((now) => advance(now, name, data));
        });
      source.addEventListener('end', () => ended.current());
    };
    open();
    const look = setInterval(() => {
      if (closed || Date.now() - heard < SILENCE_MS) return;
      setLive((now) => (now.connected ? {...now, connected: false} : now));
      source.close();  // a browser gives up after some refusals: we do not
      heard = Date.now();
      open();
    }, 1000);
    return () => {
      closed = true;
      clearInterval(look);
      source.close();
    };
  }, []);
  return <LiveContext.Provider value={useMemo(() => live, [live])}>{children}</LiveContext.Provider>;
}
