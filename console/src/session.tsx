/** Who is signed in, and what he may do here. The service decides by itself: this only leaves out what it would refuse. */
import {createContext, useContext} from 'react';
import {grantOf} from './format';

export interface Session {
  name: string;
  kind: string;
  grants: string[];
  scopes: string[];
  expires: number | null;
  method: string;
  may: string[];
}
export type Roles = Record<string, {models: string[]; data: string[]}>;

export interface Known {
  session: Session;
  roles: Roles;
  signOut: () => void;
}

export const KnownContext = createContext<Known | null>(null);

export function useKnown(): Known {
  const known = useContext(KnownContext);
  if (known === null) throw new Error('nobody is signed in');
  return known;
}

function covers(object: string, asked: string): boolean {
  if (object === '*' || object === asked) return true;
  return object.endsWith(':*') && asked !== '*' && asked.startsWith(object.slice(0, -1));
}

function allows(grants: string[], roles: Roles, permission: string, object: string): boolean {
  return grants.some((text) => {
    const grant = grantOf(text), role = roles[grant.role];
    if (role === undefined || !covers(grant.object, object)) return false;
    return (object.startsWith('data:') ? role.data : role.models).includes(permission);
  });
}

/** `object`: "model:NAME", "data:NAME", or "*" for what concerns the whole service. */
export function may({session, roles}: Pick<Known, 'session' | 'roles'>, permission: string, object = '*'): boolean {
  if (object === '*') return session.may.includes(permission);
  return allows(session.grants, roles, permission, object) &&
    (session.scopes.length === 0 || allows(session.scopes, roles, permission, object));
}

export function useMay(permission: string, object = '*'): boolean {
  return may(useKnown(), permission, object);
}
