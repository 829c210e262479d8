/** What a page asks the service for, asked again when something has changed. */
import {useCallback, useEffect, useRef, useState} from 'react';
import {get, getText, Problem} from './api';
import {useLive} from './live';

export interface Loaded<T> {
  data: T | null;
  problem: Problem | null;
  reload: () => Promise<void>;
}

/** The requests of one address, one after the other. */
interface Asked {path: string | null; control: AbortController; running: Promise<void> | null; again: boolean}

function useAsked<T>(path: string | null, read: (path: string, signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{path: string | null; data: T | null; problem: Problem | null}>(
    {path: null, data: null, problem: null});
  const {changes} = useLive();
  const asked = useRef<Asked | null>(null);
  const reload = useCallback(async () => {
    const own = asked.current;
    if (own === null || own.path === null || own.path !== path) return;
    // What is under way is not thrown away: where changes come faster than answers, nothing would ever be shown.
    own.again = own.running !== null;
    own.running ??= (async () => {
      do {
        own.again = false;
        try {
          const data = await read(path, own.control.signal);
          if (!own.control.signal.aborted) setState({path, data, problem: null});
        } catch (fault) {
          if (own.control.signal.aborted) return;
          const problem = fault instanceof Problem ? fault : new Problem(0, 'unknown', String(fault), '');
          if (problem.status === 401) dispatchEvent(new Event('signed-out'));
          setState((before) => ({path, data: before.path === path ? before.data : null, problem}));
        }
      } while (own.again && !own.control.signal.aborted);
      own.running = null;
    })();
    await own.running;
  }, [path, read]);
  useEffect(() => {
    const own: Asked = {path, control: new AbortController(), running: null, again: false};
    asked.current = own;
    return () => own.control.abort();
  }, [path, read]);
  useEffect(() => {
    void reload();
  }, [reload, changes]);
  // What was loaded for another address is not this page's.
  const own = state.path === path;
  return {data: own ? state.data : null, problem: own ? state.problem : null, reload};
}

/** `path` null: nothing is asked. */
export function useData<T>(path: string | null): Loaded<T> {
  return useAsked<T>(path, get);
}

export function useText(path: string | null): Loaded<string> {
  return useAsked<string>(path, getText);
}

/** Seconds since 1970, each second anew. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => clearInterval(clock);
  }, []);
  return now;
}
