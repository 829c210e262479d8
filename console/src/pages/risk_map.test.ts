import {expect, it} from 'vitest';
import {bandOf, fieldOf} from './risk_map';

const risk = (likelihood: number, impact: number) => ({residual: {likelihood, score: likelihood * impact, band: ''}, impact});

it('puts each risk into a field of the map, the higher one between two', () => {
  expect(fieldOf(risk(3, 4))).toEqual({likelihood: 3, impact: 4});
  expect(fieldOf(risk(3.01, 4))).toEqual({likelihood: 4, impact: 4});
  expect(fieldOf(risk(0.4, 1))).toEqual({likelihood: 1, impact: 1});
  expect(fieldOf(risk(9, 9))).toEqual({likelihood: 5, impact: 5});
});

it('has the bands of the register', () => {
  expect([1, 4, 5, 9, 10, 14, 15, 25].map(bandOf)).toEqual(
    ['low', 'low', 'moderate', 'moderate', 'high', 'high', 'critical', 'critical']);
});
