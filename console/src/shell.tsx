/** What is around every page: menu, who is signed in, whether the line to the service stands. */
import {ReactNode, useEffect, useState} from 'react';
import {useLive} from './live';
import {PAGES} from './pages/all';
import {Link, usePath} from './router';
import {useKnown} from './session';
import {applyTheme, storedTheme, Theme} from './theme';

const GROUPS = [...new Set(PAGES.flatMap((page) => (page.menu ? [page.menu.group] : [])))];

function isOpen(menu: string, path: string): boolean {
  return menu === '/' ? path === '/' || path.startsWith('/models/') : path === menu || path.startsWith(menu + '/');
}

function Menu() {
  const path = usePath();
  const {session} = useKnown();
  return (
    <nav aria-label="Pages" id="menu">
      {GROUPS.map((group) => {
        const rows = PAGES.filter((page) => page.menu?.group === group &&
          (page.menu.permission === undefined || session.may.includes(page.menu.permission)));
        return rows.length > 0 && (
          <div key={group} className="menu-group">
            <h2 id={'menu-' + group}>{group}</h2>
            <ul aria-labelledby={'menu-' + group}>
              {rows.map((page) => (
                <li key={page.path}>
                  <Link to={page.path} aria-current={isOpen(page.path, path) ? 'page' : undefined}>{page.menu!.name}</Link>
                </li>))}
            </ul>
          </div>);
      })}
    </nav>
  );
}

function ThemeChoice() {
  const [theme, setTheme] = useState(storedTheme);
  const choose = (wanted: Theme) => {
    applyTheme(wanted);
    setTheme(wanted);
  };
  return (
    <label className="theme">
      <span>Colours</span>
      <select value={theme} onChange={(event) => choose(event.target.value as Theme)}>
        <option value="system">as the system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </label>
  );
}

export function Shell({children}: {children: ReactNode}) {
  const {session, signOut} = useKnown();
  const {connected} = useLive();
  const path = usePath();
  const [menu, setMenu] = useState(false);
  useEffect(() => setMenu(false), [path]);
  return (
    <div className={menu ? 'shell menu-open' : 'shell'}>
      <a className="skip" href="#content">Skip to the content</a>
      <header className="top">
        <Link to="/" className="brand"><img src="/turret.svg" alt="" width="24" height="24" />Bartizan</Link>
        <button type="button" className="menu-button" aria-expanded={menu} aria-controls="menu" onClick={() => setMenu(!menu)}>Menu</button>
      </header>
      <div className="side">
        <Menu />
        <div className="who">
          <p className={connected ? 'line on' : 'line'} role="status">{connected ? 'Live' : 'Not connected'}</p>
          <p>Signed in as <strong>{session.name}</strong></p>
          <ThemeChoice />
          <button type="button" onClick={signOut}>Sign out</button>
        </div>
      </div>
      <main id="content" tabIndex={-1}>{children}</main>
    </div>
  );
}
