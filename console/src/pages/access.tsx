/** Who there is. */
import {useState} from 'react';
import {part, send} from '../api';
import {useData} from '../hooks';
import {go, Link} from '../router';
import {useMay} from '../session';
import {Ask, Question} from '../ui/dialog';
import {Choice, Field} from '../ui/field';
import {Badge, Page, Trouble, Waiting, When} from '../ui/parts';
import {Table} from '../ui/table';
import {PrincipalInfo} from './types';

export function Access() {
  const {data, problem} = useData<{principals: PrincipalInfo[]}>('/v1/principals');
  const mayManage = useMay('manage-access');
  const [adding, setAdding] = useState(false);
  return (
    <Page title="Access" intro="People and services, and the roles that they hold. What is not granted is denied."
      actions={mayManage && <button type="button" className="primary" onClick={() => setAdding(true)}>Add a principal…</button>}>
      {problem && <Trouble problem={problem} />}
      {data === null ? !problem && <Waiting /> : (
        <Table label="Principals" rows={data.principals} keyOf={(one) => one.name} columns={[
          {name: 'Name', of: (one) => <Link className="strong" to={`/access/${part(one.name)}`}>{one.name}</Link>},
          {name: 'Kind', of: (one) => one.kind},
          {name: 'Roles', of: (one) => one.grants.length === 0 ? <span className="faint">none</span> : <div className="badges">{one.grants.map((grant) => <Badge key={grant}>{grant}</Badge>)}</div>},
          {name: 'State', of: (one) => (one.disabled ? <Badge tone="bad">disabled</Badge> : <Badge tone="good">active</Badge>)},
          {name: 'Made', of: (one) => <div className="stack"><When at={one.created} /><span className="faint">by {one.created_by}</span></div>},
        ]} />)}
      {adding && <Add onClose={() => setAdding(false)} />}
    </Page>
  );
}

function Add({onClose}: {onClose: () => void}) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState('person');
  const [password, setPassword] = useState('');
  const question: Question = {
    title: 'Add a principal', action: 'Add', text: <p>It may do nothing until it is granted a role.</p>,
    ready: /^[a-z0-9._@-]{1,64}$/.test(name) && (password === '' || password.length >= 12),
    children: <>
      <Field label="Name" value={name} onChange={setName} hint="1 to 64 of a-z, 0-9, '.', '_', '-', '@'" />
      <Choice label="Kind" value={kind} onChange={setKind} options={['person', 'service']} />
      {kind === 'person' && <Field label="Password" type="password" value={password} onChange={setPassword} hint="At least 12 characters; empty: signs in with keys alone" />}
    </>,
    run: async () => {
      await send('POST', '/v1/principals', {name, kind, ...(password !== '' && {password})});
      go(`/access/${part(name)}`);
    },
  };
  return <Ask question={question} onClose={onClose} />;
}
