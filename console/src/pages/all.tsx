/** Every page of the console, and where it stands in the menu. To add one: a row here, a file beside this. */
import {ComponentType} from 'react';
import {Access} from './access';
import {Approvals} from './approvals';
import {Control} from './control';
import {Controls} from './controls';
import {Entry} from './entry';
import {Evidence} from './evidence';
import {Incident} from './incident';
import {Incidents} from './incidents';
import {Inventory} from './inventory';
import {Ledger} from './ledger';
import {Live} from './live';
import {Model} from './model';
import {Overview} from './overview';
import {Principal} from './principal';
import {Risk} from './risk';
import {Risks} from './risks';
import {Version} from './version';

interface PageRow {
  path: string;
  show: ComponentType<any>;
  menu?: {name: string; group: string; permission?: string};  // permission: without it, the page has nothing to show
}

export const PAGES: PageRow[] = [
  {path: '/', show: Overview, menu: {name: 'Overview', group: 'Models'}},
  {path: '/models/:name', show: Model},
  {path: '/models/:name/versions/:version', show: Version},
  {path: '/live', show: Live, menu: {name: 'Live', group: 'Models'}},
  {path: '/incidents', show: Incidents, menu: {name: 'Incidents', group: 'Answer', permission: 'read-ledger'}},
  {path: '/incidents/:number', show: Incident},
  {path: '/controls', show: Controls, menu: {name: 'Controls', group: 'Govern', permission: 'see'}},
  {path: '/controls/:id', show: Control},
  {path: '/evidence/:id', show: Evidence},
  {path: '/risks', show: Risks, menu: {name: 'Risks', group: 'Govern'}},
  {path: '/risks/:id', show: Risk},
  {path: '/inventory', show: Inventory, menu: {name: 'Inventory', group: 'Govern'}},
  {path: '/access', show: Access, menu: {name: 'Access', group: 'Trust', permission: 'see-access'}},
  {path: '/access/:name', show: Principal},
  {path: '/approvals', show: Approvals, menu: {name: 'Approvals', group: 'Trust'}},
  {path: '/ledger', show: Ledger, menu: {name: 'Ledger', group: 'Trust', permission: 'read-ledger'}},
  {path: '/ledger/:index', show: Entry},
];
