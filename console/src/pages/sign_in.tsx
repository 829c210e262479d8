/** Who are you: a name and a password, or a key. */
import {FormEvent, useEffect, useState} from 'react';
import {Problem, send} from '../api';
import {Notice, Trouble} from '../ui/parts';

export function SignIn({ended, onSignedIn}: {ended: boolean; onSignedIn: () => Promise<void>}) {
  const [way, setWay] = useState<'password' | 'key'>('password');
  const [name, setName] = useState('');
  const [secret, setSecret] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    document.title = 'Sign in · Bartizan';
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await send('POST', '/v1/session', way === 'key' ? {key: secret.trim()} : {name: name.trim(), password: secret});
      setSecret('');
      await onSignedIn();
    } catch (fault) {
      setProblem(fault as Problem);
      setBusy(false);
    }
  };
  const choose = (wanted: 'password' | 'key') => {
    setWay(wanted);
    setSecret('');
    setProblem(null);
  };
  return (
    <main className="alone">
      <div className="card sign-in">
        <img src="/turret.svg" alt="" width="40" height="40" />
        <h1>Sign in to Bartizan</h1>
        {ended && !problem && <Notice tone="info">Your session has ended. Sign in to go on.</Notice>}
        <form onSubmit={submit}>
          <fieldset className="ways">
            <legend>With</legend>
            {(['password', 'key'] as const).map((one) => (
              <label key={one}>
                <input type="radio" name="way" checked={way === one} onChange={() => choose(one)} />
                {one === 'password' ? 'name and password' : 'an API key'}
              </label>))}
          </fieldset>
          {way === 'password' && (
            <div className="field">
              <label htmlFor="name">Name</label>
              <input id="name" value={name} onChange={(event) => setName(event.target.value)} autoComplete="username"
                autoCapitalize="none" spellCheck={false} required />
            </div>)}
          <div className="field">
            <label htmlFor="secret">{way === 'key' ? 'API key' : 'Password'}</label>
            <input id="secret" type="password" value={secret} onChange={(event) => setSecret(event.target.value)}
              autoComplete={way === 'key' ? 'off' : 'current-password'} required />
            {way === 'key' && <p className="hint">It begins with btz_. The first one was printed when the service was started on an empty folder.</p>}
          </div>
          {problem && <Trouble problem={problem} />}
          <button type="submit" className="primary" disabled={busy}>{busy ? 'Signing in…' : 'Sign in'}</button>
        </form>
      </div>
    </main>
  );
}
