import {expect, it} from 'vitest';
import {ago, bytes, count, countdown, grantOf, milliseconds, plural, span, time, versionOf} from './format';

it('tells numbers shortly', () => {
  expect([count(0), count(9999), count(12_345), count(1.2e6)]).toEqual(['0', '9,999', '12.3K', '1.2M']);
  expect([plural(1, 'answer'), plural(2, 'answer'), plural(2, 'query', 'queries')]).toEqual(['1 answer', '2 answers', '2 queries']);
  expect([bytes(0), bytes(1023), bytes(1536), bytes(5e9)]).toEqual(['0 B', '1023 B', '1.5 KiB', '4.7 GiB']);
  expect([milliseconds(0.42), milliseconds(12.3), milliseconds(1500)]).toEqual(['0.4 ms', '12 ms', '1.5 s']);
});

it('tells times from now', () => {
  expect(ago(1000, 1000)).toBe('just now');
  expect(ago(1000, 1059)).toBe('59 seconds ago');
  expect(ago(1000, 1000 + 7200)).toBe('2 hours ago');
  expect(ago(1000 + 86_400 * 3, 1000)).toBe('in 3 days');
  expect(span(0)).toBe('no time');
  expect(time(0)).toMatch(/^(1970-01-01|1969-12-31) \d\d:\d\d:00$/);
});

it('counts down', () => {
  expect(countdown(1000 + 86_400 * 2 + 4 * 3600, 1000)).toBe('2 d 4 h');
  expect(countdown(1000 + 3 * 3600 + 12 * 60 + 9, 1000)).toBe('03:12:09');
  expect(countdown(1000, 1300)).toBe('late by 5 minutes');
});

it('takes names apart', () => {
  expect(grantOf('consumer@model:fashion')).toEqual({role: 'consumer', object: 'model:fashion'});
  expect(versionOf('model:fashion@3')).toEqual({kind: 'model', name: 'fashion', version: 3});
  expect(versionOf('data:clothes')).toEqual({kind: 'data', name: 'clothes', version: 0});
  expect(versionOf('nonsense')).toEqual({kind: '', name: 'nonsense', version: 0});
});
