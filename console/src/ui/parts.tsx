/** The small parts that pages are made of. */
import {ReactNode, useEffect, useRef} from 'react';
import {Problem} from '../api';
import {ago, time} from '../format';
import {useNow} from '../hooks';

/** The first page is announced by the browser; its heading taking the focus would pass over the link to the content. */
let first = true;

/** A page: its heading takes the focus when it is opened, so that a screen reader says where one is. */
export function Page({title, intro, actions, children}: {
  title: string; intro?: ReactNode; actions?: ReactNode; children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Bartizan`;
    if (!first) heading.current?.focus({preventScroll: true});
    first = false;
  }, [title]);
  return (
    <>
      <header className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>{title}</h1>
          {intro && <p className="intro">{intro}</p>}
        </div>
        {actions && <div className="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Section({title, aside, children}: {title: string; aside?: ReactNode; children: ReactNode}) {
  const id = 'section-' + title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return (
    <section aria-labelledby={id}>
      <div className="section-head"><h2 id={id}>{title}</h2>{aside}</div>
      {children}
    </section>
  );
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain' | 'info';
const MARKS: Record<Tone, string> = {good: '✓', warn: '!', bad: '✕', info: 'i', plain: ''};

/** A word with its tone, told by a mark too: colour alone tells nobody anything. */
export function Badge({tone = 'plain', children}: {tone?: Tone; children: ReactNode}) {
  return <span className={`badge ${tone}`}>{MARKS[tone] && <span aria-hidden="true">{MARKS[tone] + '\u00a0'}</span>}{children}</span>;
}

export function severityTone(severity: string): Tone {
  if (severity === 'high' || severity === 'critical') return 'bad';
  return severity === 'medium' ? 'warn' : 'plain';
}

export function Notice({tone, children}: {tone: Tone; children: ReactNode}) {
  return <div className={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>{children}</div>;
}

export function Trouble({problem}: {problem: Problem}) {
  const where = problem.requestId ? ` (request ${problem.requestId})` : '';
  return <Notice tone="bad">{sentence(problem.message)}{where && <span className="faint">{where}</span>}</Notice>;
}

/** Messages of the service begin small and end without a full stop. */
export function sentence(text: string): string {
  if (text === '') return text;
  return text[0]!.toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}

/** What to do next where there is nothing yet: in words, and as a command. */
export function Empty({children, command}: {children: ReactNode; command?: string}) {
  return (
    <div className="empty">
      <p>{children}</p>
      {command && <pre tabIndex={0} aria-label="Command">{command}</pre>}
    </div>
  );
}

/** Until the first answer: nothing for a moment, then a word. */
export function Waiting() {
  return <p className="waiting" role="status">Loading…</p>;
}

export function When({at}: {at: number}) {
  const now = useNow();
  return <time dateTime={new Date(at * 1000).toISOString()} title={time(at)}>{ago(at, now)}</time>;
}

/** Names and values beside each other. */
export function Facts({rows}: {rows: [string, ReactNode][]}) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** Figures side by side. */
export function Figures({children}: {children: ReactNode}) {
  return <div className="figures">{children}</div>;
}
export function Figure({name, children, tone = 'plain'}: {name: string; children: ReactNode; tone?: Tone}) {
  return <div className={`figure ${tone}`}><span className="value">{children}</span><span className="name">{name}</span></div>;
}
