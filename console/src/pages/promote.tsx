/** The question before a version serves: what the gates miss is said, and who may can let it pass with a reason. */
import {part} from '../api';
import {Question} from '../ui/dialog';
import {sentence} from '../ui/parts';
import {VersionInfo} from './types';

type Act = (text: string, method: 'POST' | 'PUT', path: string, body: unknown) => Promise<void>;

export function promoteQuestion(version: VersionInfo, name: string, mayOverride: boolean, act: Act): Question {
  const missing = version.missing_for_production ?? [];
  const passes = missing.length === 0;
  const target = `/v1/models/${part(name)}/aliases/production`;
  return {
    title: `Let version ${version.version} of ${name} serve?`,
    action: passes ? 'Promote' : 'Override and promote',
    danger: !passes,
    reason: 'needed',
    text: passes
      ? <p>It is started first; every caller gets it within a second. You can roll back.</p>
      : <>
          <p>It does not pass the gates of production:</p>
          <ul>{missing.map((one) => <li key={one}>{sentence(one)}</li>)}</ul>
          <p>{mayOverride ? 'You may let it pass all the same: your reason and what was missing go into the ledger.'
            : 'Somebody with the role security or admin may let it pass.'}</p>
        </>,
    ready: passes || mayOverride,
    run: (reason) => act(`Version ${version.version} serves.`, 'PUT', target,
      passes ? {version: version.version, reason} : {version: version.version, reason, override: reason}),
  };
}
