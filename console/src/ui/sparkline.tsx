/** A course of numbers, small; said in words for who does not see it. */

export function Sparkline({values, label, limit, tone = 'line'}: {
  values: number[]; label: string; limit?: number; tone?: 'line' | 'bars';
}) {
  const width = 120, height = 28;
  const most = Math.max(limit ?? 0, ...values, 1e-9);
  const x = (i: number) => (values.length < 2 ? width : (i / (values.length - 1)) * width);
  const y = (value: number) => height - 2 - (value / most) * (height - 4);
  return (
    <svg className="sparkline" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} preserveAspectRatio="none">
      {limit !== undefined && <line className="limit" x1="0" x2={width} y1={y(limit)} y2={y(limit)} />}
      {tone === 'bars'
        ? values.map((value, i) => value > 0 && (
          <rect key={i} x={(i / values.length) * width} width={Math.max(width / values.length - 0.5, 0.5)}
            y={Math.min(y(value), height - 3)} height={Math.max(height - 2 - y(value), 1)} />))
        : <polyline points={values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(' ')} />}
      {tone === 'line' && values.length === 1 && <circle cx={width - 3} cy={y(values[0]!)} r="2.5" />}
    </svg>
  );
}
