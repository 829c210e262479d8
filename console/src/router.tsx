/** Addresses and pages: paths of this server, moved between without loading anew. */
import {AnchorHTMLAttributes, MouseEvent, useSyncExternalStore} from 'react';

const listeners = new Set<() => void>();
addEventListener('popstate', () => listeners.forEach((listener) => listener()));

export function go(to: string): void {
  history.pushState(null, '', to);
  scrollTo(0, 0);
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

export function useQuery(): URLSearchParams {
  return new URLSearchParams(useSyncExternalStore(subscribe, () => location.search));
}

/** The decoded parts that stand at the pattern's names, "/models/:name"; null: it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/'), given = path.replace(/(.)\/$/, '$1').split('/');
  if (wanted.length !== given.length) return null;
  const out: Record<string, string> = {};
  for (let i = 0; i < wanted.length; ++i) {
    const name = wanted[i]!, value = given[i]!;
    try {
      if (name.startsWith(':')) out[name.slice(1)] = decodeURIComponent(value);
      else if (name !== value) return null;
    } catch {
      return null;
    }
  }
  return out;
}

export function Link({to, ...rest}: {to: string} & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    go(to);
  };
  return <a href={to} onClick={follow} {...rest} />;
}
