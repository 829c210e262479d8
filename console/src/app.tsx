/** Who is there, which page is open. */
import {useCallback, useEffect, useState} from 'react';
import {get, Problem, send} from './api';
import {LiveProvider} from './live';
import {match, usePath} from './router';
import {KnownContext, Roles, Session} from './session';
import {Shell} from './shell';
import {applyTheme, storedTheme} from './theme';
import {Page, Trouble, Waiting} from './ui/parts';
import {PAGES} from './pages/all';
import {SignIn} from './pages/sign_in';

applyTheme(storedTheme());

type State = {kind: 'asking'} | {kind: 'nobody'; ended: boolean} | {kind: 'trouble'; problem: Problem}
  | {kind: 'known'; session: Session; roles: Roles};

export function App() {
  const [state, setState] = useState<State>({kind: 'asking'});
  const ask = useCallback(async () => {
    try {
      const session = await get<Session>('/v1/session');
      const {roles} = await get<{roles: Roles}>('/v1/roles');
      setState({kind: 'known', session, roles});
    } catch (fault) {
      const problem = fault as Problem;
      setState(problem.status === 401 ? {kind: 'nobody', ended: false} : {kind: 'trouble', problem});
    }
  }, []);
  const ended = useCallback(() => setState((now) => (now.kind === 'known' ? {kind: 'nobody', ended: true} : now)), []);
  useEffect(() => {
    void ask();
    addEventListener('signed-out', ended);
    return () => removeEventListener('signed-out', ended);
  }, [ask, ended]);
  const signOut = useCallback(async () => {
    try {
      await send('DELETE', '/v1/session');
    } catch {
      // ended already
    }
    setState({kind: 'nobody', ended: false});
  }, []);
  switch (state.kind) {
    case 'asking': return <main className="alone"><Waiting /></main>;
    case 'trouble': return <main className="alone"><Trouble problem={state.problem} /></main>;
    case 'nobody': return <SignIn ended={state.ended} onSignedIn={ask} />;
    case 'known': return (
      <KnownContext.Provider value={{session: state.session, roles: state.roles, signOut: () => void signOut()}}>
        <LiveProvider onEnd={ended}><Shell><Open /></Shell></LiveProvider>
      </KnownContext.Provider>);
  }
}

function Open() {
  const path = usePath();
  for (const page of PAGES) {
    const found = match(page.path, path);
    if (found !== null) return <page.show key={path} {...found} />;
  }
  return <Page title="There is no such page" intro="The menu leads to those that there are."><p /></Page>;
}
