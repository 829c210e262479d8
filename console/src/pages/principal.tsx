/** One person or service: roles, keys, and whether they hold. */
import {useState} from 'react';
import {part, send} from '../api';
import {grantOf} from '../format';
import {useData} from '../hooks';
import {useKnown, useMay} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Choice, Field} from '../ui/field';
import {Badge, Empty, Facts, Notice, Page, Section, Trouble, Waiting, When} from '../ui/parts';
import {Table} from '../ui/table';
import {Done, told} from './model';
import {KeyInfo, PrincipalInfo} from './types';

const OBJECTS_HINT = '*, model:NAME, data:NAME, model:* or data:*';

export function Principal({name}: {name: string}) {
  const principals = useData<{principals: PrincipalInfo[]}>('/v1/principals');
  const keys = useData<{keys: KeyInfo[]}>(`/v1/keys?principal=${part(name)}`);
  const mayManage = useMay('manage-access');
  const [question, setQuestion] = useState<Question | null>(null);
  const [adding, setAdding] = useState<'grant' | 'key' | 'password' | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const [fresh, setFresh] = useState<string | null>(null);
  const one = principals.data?.principals.find((principal) => principal.name === name) ?? null;
  const path = `/v1/principals/${part(name)}`;
  const act = async (text: string, method: 'POST' | 'PUT' | 'DELETE', at: string, body?: unknown) => {
    const answer = await send<{key?: string}>(method, at, body);
    setFresh(answer.key ?? null);
    setDone(told(answer, text));
    await Promise.all([principals.reload(), keys.reload()]);
  };
  const turn = (disable: boolean): Question => ({
    title: disable ? `Take all rights from ${name}?` : `Give ${name} its rights back?`,
    action: disable ? 'Disable' : 'Enable', danger: disable,
    text: <p>{disable ? 'Its keys, sessions and tokens are refused from now on. It can be enabled again.' : 'Its roles and keys hold again.'}</p>,
    run: () => act(disable ? `${name} is disabled.` : `${name} is enabled.`, 'POST', `${path}/${disable ? 'disable' : 'enable'}`),
  });
  const revokeGrant = (grant: string): Question => ({
    title: `Revoke ${grant}?`, action: 'Revoke', danger: true, text: <p>{name} may no more do what this role allows.</p>,
    run: () => act(`${grant} is revoked.`, 'DELETE', `${path}/grants/${part(grant)}`),
  });
  const revokeKey = (id: string): Question => ({
    title: `Revoke key ${id}?`, action: 'Revoke', danger: true, text: <p>Whoever uses it is refused from now on, and so are sessions that it opened. There is no way back.</p>,
    run: () => act(`Key ${id} is revoked.`, 'DELETE', `/v1/keys/${part(id)}`),
  });
  return (
    <Page title={name} intro="What it may do, and the keys that prove who it is." actions={one && mayManage && (
      <>
        <button type="button" onClick={() => setAdding('grant')}>Grant a role…</button>
        <button type="button" onClick={() => setAdding('key')}>Create a key…</button>
        {one.kind === 'person' && <button type="button" onClick={() => setAdding('password')}>Set the password…</button>}
        <button type="button" className={one.disabled ? '' : 'danger'} onClick={() => setQuestion(turn(!one.disabled))}>{one.disabled ? 'Enable…' : 'Disable…'}</button>
      </>)}>
      {done && <Notice tone={done.tone}>{done.text}</Notice>}
      {fresh !== null && <Notice tone="warn"><p>The key, which is not shown again:</p><code className="break secret">{fresh}</code></Notice>}
      {principals.problem && <Trouble problem={principals.problem} />}
      {principals.data === null ? !principals.problem && <Waiting /> : one === null ? <Empty>There is no principal of this name.</Empty> : (
        <>
          <Facts rows={[
            ['Kind', one.kind],
            ['State', one.disabled ? <Badge tone="bad">disabled</Badge> : <Badge tone="good">active</Badge>],
            ['Known elsewhere as', one.external ?? <span className="faint">nothing</span>],
            ['Password', one.has_password ? 'set' : <span className="faint">none</span>],
            ['Made', <><When at={one.created} /> by {one.created_by}</>],
          ]} />
          <Section title="Roles">
            {one.grants.length === 0 ? <Empty>It holds no role, so it may do nothing.</Empty> : (
              <Table label="Roles" rows={one.grants} keyOf={(grant) => grant} columns={[
                {name: 'Role', of: (grant) => grantOf(grant).role},
                {name: 'On', of: (grant) => grantOf(grant).object},
                {name: 'Do', of: (grant) => mayManage && <button type="button" className="danger" onClick={() => setQuestion(revokeGrant(grant))} aria-label={`Revoke ${grant}`}>Revoke…</button>},
              ]} />)}
          </Section>
          <Keys keys={keys.data?.keys ?? []} onRevoke={mayManage ? (id) => setQuestion(revokeKey(id)) : null} />
        </>)}
      <Ask question={question} onClose={() => setQuestion(null)} />
      {adding === 'grant' && <Grant path={path} act={act} onClose={() => setAdding(null)} />}
      {adding === 'key' && <NewKey name={name} act={act} onClose={() => setAdding(null)} />}
      {adding === 'password' && <Password path={path} act={act} onClose={() => setAdding(null)} />}
    </Page>
  );
}

function Keys({keys, onRevoke}: {keys: KeyInfo[]; onRevoke: ((id: string) => void) | null}) {
  const now = Date.now() / 1000;
  const state = (key: KeyInfo) => key.revoked ? <Badge tone="bad">revoked</Badge>
    : key.expires !== null && key.expires <= now ? <Badge>expired</Badge> : <Badge tone="good">holds</Badge>;
  const sorted = [...keys].sort((a, b) => b.created - a.created);
  return (
    <Section title="Keys and sessions">
      {keys.length === 0 ? <Empty>It has no key.</Empty> : (
        <Table label="Keys and sessions" rows={sorted} keyOf={(key) => key.id} columns={[
          {name: 'Key', of: (key) => <code>{key.id}</code>},
          {name: 'For', of: (key) => key.label || <span className="faint">not told</span>},
          {name: 'May', of: (key) => (key.scopes.length === 0 ? 'all that its principal may' : key.scopes.join(', '))},
          {name: 'State', of: state},
          {name: 'Expires', of: (key) => (key.expires === null ? 'never' : <When at={key.expires} />)},
          {name: 'Last used', of: (key) => (key.last_used === null ? <span className="faint">not yet</span> : <When at={key.last_used} />)},
          {name: 'Do', of: (key) => onRevoke && !key.revoked && <button type="button" className="danger" aria-label={`Revoke key ${key.id}`} onClick={() => onRevoke(key.id)}>Revoke…</button>},
        ]} />)}
    </Section>
  );
}

type Act = (text: string, method: 'POST' | 'PUT', path: string, body?: unknown) => Promise<void>;

function Grant({path, act, onClose}: {path: string; act: Act; onClose: () => void}) {
  const {roles} = useKnown();
  const [role, setRole] = useState('viewer');
  const [object, setObject] = useState('*');
  const may = roles[role]?.models ?? [];
  return <Ask onClose={onClose} question={{
    title: 'Grant a role', action: 'Grant', text: <p>A role holds on what you name, and on nothing else.</p>,
    ready: /^(\*|(model|data):[A-Za-z0-9._*-]+)$/.test(object),
    children: <>
      <Choice label="Role" value={role} onChange={setRole} options={Object.keys(roles)} />
      <Field label="On" value={object} onChange={setObject} hint={OBJECTS_HINT} />
      <p className="hint">On models it may: {may.join(', ')}.</p>
    </>,
    run: () => act(`${role}@${object} is granted.`, 'PUT', `${path}/grants/${part(`${role}@${object}`)}`),
  }} />;
}

function NewKey({name, act, onClose}: {name: string; act: Act; onClose: () => void}) {
  const [label, setLabel] = useState('');
  const [days, setDays] = useState('90');
  const [scope, setScope] = useState('');
  return <Ask onClose={onClose} question={{
    title: `Create a key for ${name}`, action: 'Create', text: <p>It is shown once, after it was made.</p>,
    ready: /^[0-9]{1,4}$/.test(days),
    children: <>
      <Field label="What it is for" value={label} onChange={setLabel} />
      <Field label="Days until it expires" type="number" value={days} onChange={setDays} hint="0: never" />
      <Field label="Narrowed to" value={scope} onChange={setScope} hint="ROLE@OBJECT, as consumer@model:fashion; empty: all that its principal may" />
    </>,
    run: () => act('A key was made.', 'POST', '/v1/keys', {principal: name, label, days: Number(days), ...(scope !== '' && {scopes: [scope]})}),
  }} />;
}

function Password({path, act, onClose}: {path: string; act: Act; onClose: () => void}) {
  const [password, setPassword] = useState('');
  return <Ask onClose={onClose} question={{
    title: 'Set the password', action: 'Set', text: <p>Sessions that the old one opened end.</p>, ready: password.length >= 12,
    children: <Field label="New password" type="password" value={password} onChange={setPassword} hint="At least 12 characters" />,
    run: () => act('The password is set.', 'PUT', `${path}/password`, {password}),
  }} />;
}
