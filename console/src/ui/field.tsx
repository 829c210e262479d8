/** Fields of forms, each with its label. */
import {useId} from 'react';

export function Field({label, value, onChange, hint, type = 'text'}: {
  label: string; value: string; onChange: (value: string) => void; hint?: string; type?: 'text' | 'password' | 'number';
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} type={type} value={value} onChange={(event) => onChange(event.target.value)}
        autoComplete={type === 'password' ? 'new-password' : 'off'} autoCapitalize="none" spellCheck={false}
        aria-describedby={hint ? id + 'hint' : undefined} />
      {hint && <p id={id + 'hint'} className="hint">{hint}</p>}
    </div>
  );
}

export function Choice({label, value, onChange, options}: {
  label: string; value: string; onChange: (value: string) => void; options: string[];
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map((one) => <option key={one} value={one}>{one || 'all'}</option>)}
      </select>
    </div>
  );
}

export function TextArea({label, value, onChange, hint, rows = 6}: {
  label: string; value: string; onChange: (value: string) => void; hint?: string; rows?: number;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea id={id} rows={rows} value={value} onChange={(event) => onChange(event.target.value)} spellCheck={false}
        aria-describedby={hint ? id + 'hint' : undefined} />
      {hint && <p id={id + 'hint'} className="hint">{hint}</p>}
    </div>
  );
}
