/** How numbers, times and names are told. Pure. */

const WHOLE = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const SHORT = new Intl.NumberFormat('en', {notation: 'compact', maximumFractionDigits: 1});

export function count(value: number): string {
  return Math.abs(value) < 10_000 ? WHOLE.format(value) : SHORT.format(value);
}

export function plural(value: number, one: string, many = one + 's'): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0, left = value;
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024;
    ++at;
  }
  return `${left < 10 && at > 0 ? left.toFixed(1) : Math.round(left)} ${units[at]}`;
}

export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

/** "2026-11-23 10:15:00", in the reader's own time. */
export function time(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
    `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function date(seconds: number): string {
  return time(seconds).slice(0, 10);
}

const SPANS: [number, string][] = [[86_400 * 365, 'year'], [86_400 * 30, 'month'], [86_400, 'day'], [3600, 'hour'],
  [60, 'minute'], [1, 'second']];

/** The largest unit that fits: "3 hours". */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  for (const [length, name] of SPANS)
    if (whole >= length) return plural(Math.floor(whole / length), name);
  return 'no time';
}

export function ago(seconds: number, now: number): string {
  const passed = now - seconds;
  if (passed < -1) return `in ${span(-passed)}`;
  return passed < 2 ? 'just now' : `${span(passed)} ago`;
}

/** What is left of a deadline, to the second on the last day: "2 d 4 h", "03:12:09", "late by 5 min". */
export function countdown(until: number, now: number): string {
  const left = Math.round(until - now);
  const hours = Math.floor(Math.abs(left) / 3600), minutes = Math.floor(Math.abs(left) / 60) % 60;
  const two = (value: number) => String(value).padStart(2, '0');
  if (left < 0) return `late by ${span(-left)}`;
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return `${two(hours)}:${two(minutes)}:${two(left % 60)}`;
}

/** "ml-engineer@model:fashion" taken apart. */
export function grantOf(text: string): {role: string; object: string} {
  const at = text.indexOf('@');
  return {role: text.slice(0, at), object: text.slice(at + 1)};
}

/** "model:fashion@3" taken apart; version 0: none is named. */
export function versionOf(text: string): {kind: string; name: string; version: number} {
  const colon = text.indexOf(':'), at = text.lastIndexOf('@');
  const end = at > colon ? at : text.length;
  return {kind: text.slice(0, Math.max(colon, 0)), name: text.slice(colon + 1, end),
    version: at > colon ? Number(text.slice(at + 1)) : 0};
}
