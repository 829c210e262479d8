import assert from 'node:assert/strict';
import {as, ask, close, go, until} from './browser.mjs';

async function opened(title, version = 'model:credit@2') {
  return (await ask('ben', 'POST', '/v1/incidents', {title, severity: 'high', threat: 'tampering', version})).body.incident;
}

export const tests = {
  async 'an incident is opened, taken, written about, and moved on'() {
    const page = await as('ben');
    await page.getByRole('link', {name: 'Incidents'}).click();
    await page.getByRole('heading', {name: 'Incidents', level: 1}).waitFor();
    await page.getByRole('button', {name: 'Open an incident…'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What happened').fill('it answers <b>otherwise</b>');
    await dialog.getByLabel('Severity').selectOption('critical');
    await dialog.getByLabel('Threat').selectOption('tampering');
    await dialog.getByLabel('Version').fill('model:credit@2');
    await dialog.getByRole('button', {name: 'Open'}).click();
    await page.getByRole('heading', {level: 1, name: /it answers <b>otherwise<\/b>/}).waitFor();
    await page.getByRole('button', {name: 'Add a note…'}).click();
    await dialog.getByLabel('Note').fill('the vendor was called');
    await dialog.getByRole('button', {name: 'Add'}).click();
    await page.getByRole('list', {name: /Timeline/}).getByText('the vendor was called').waitFor();
    await page.getByRole('button', {name: 'Add a task…'}).click();
    await dialog.getByLabel('Task').fill('compare the digests');
    await dialog.getByLabel('Owner').fill('anna');
    await dialog.getByRole('button', {name: 'Add'}).click();
    await page.getByRole('button', {name: 'Done: compare the digests'}).click();
    await dialog.getByRole('button', {name: 'Done'}).click();
    await page.getByText('done by ben').waitFor();
    await page.getByRole('button', {name: 'Move on…'}).click();
    await dialog.getByLabel('To').selectOption('contained');
    await dialog.getByLabel('Reason').fill('it was rolled back');
    await dialog.getByRole('button', {name: 'Move'}).click();
    await page.getByText('It is contained.').waitFor();
    const path = new URL(page.url()).pathname;
    await page.getByRole('link', {name: 'All incidents'}).click();
    await page.getByRole('region', {name: /contained/}).getByText('it answers <b>otherwise</b>').waitFor();
    await close(page);
    const carla = await as('carla');
    await go(carla, path, /otherwise/);
    await carla.getByRole('button', {name: 'Take it'}).click();
    await carla.getByText('You own it.').waitFor();
    await close(carla);
  },

  async 'a clock counts down until it is met'() {
    const number = await opened('records were read');
    const {clocks} = (await ask('ben', 'GET', '/v1/clocks')).body;
    const rule = clocks.find((one) => one.seconds > 0 && one.anchor === 'aware') ?? clocks.find((one) => one.seconds > 0);
    await ask('ben', 'POST', `/v1/incidents/${number}/anchors`, {anchor: rule.anchor, at: Math.floor(Date.now() / 1000) - 60});
    const page = await as('ben');
    await go(page, `/incidents/${number}`, /records were read/);
    await page.getByRole('button', {name: 'Start a clock…'}).click();
    await page.getByRole('dialog').getByLabel('Clock').selectOption(rule.rule);
    await page.getByRole('dialog').getByRole('button', {name: 'Start'}).click();
    const left = page.getByRole('table', {name: 'Clocks'}).locator('.clock');
    await left.waitFor();
    const first = await left.innerText();
    assert.match(first, /^(\d+ d \d+ h|\d\d:\d\d:\d\d)$/);
    if (/:/.test(first)) await until('a second to pass', async () => (await left.innerText()) !== first);
    await page.getByRole('button', {name: /^Met: /}).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('receipt 4711');
    await page.getByRole('dialog').getByRole('button', {name: 'It was told'}).click();
    await page.getByRole('table', {name: 'Clocks'}).getByText('receipt 4711').waitFor();
    await close(page);
  },

  async 'a playbook is run, and a step is agreed to by somebody else'() {
    const number = await opened('the wrong bytes are served', 'model:fashion@1');
    const ben = await as('ben');
    await go(ben, `/incidents/${number}`, /wrong bytes/);
    await ben.getByRole('button', {name: 'Run a playbook…'}).click();
    const dialog = ben.getByRole('dialog');
    await dialog.getByLabel('Playbook').selectOption('drift-or-harm');
    await dialog.getByRole('button', {name: 'Run'}).click();
    await ben.getByText('The playbook was run.').waitFor();
    await ben.getByRole('article', {name: 'Run of drift-or-harm'}).getByText('dry').waitFor();
    await ben.getByRole('button', {name: 'Run a playbook…'}).click();
    await dialog.getByLabel('Playbook').selectOption('drift-or-harm');
    await dialog.getByLabel('Mode').selectOption('execute');
    await dialog.getByRole('button', {name: 'Execute'}).click();
    await ben.getByText('The playbook was started.').waitFor();
    const executed = async () => (await ask('ben', 'GET', `/v1/incidents/${number}`)).body.runs.find((run) => run.mode === 'execute');
    await until('a step that waits', async () => (await executed())?.state === 'waiting');
    const id = (await executed()).run;
    const waiting = (await ask('ben', 'GET', `/v1/runs/${id}`)).body.steps.find((step) => step.state === 'waiting');
    const who = waiting.approvals_needed ? await as('carla') : ben;
    if (who !== ben) {
      await ben.getByText('somebody else must agree').waitFor();
      await go(who, `/incidents/${number}`, /wrong bytes/);
    }
    await who.getByRole('button', {name: /^(Agree|It is done)…$/}).first().click();
    await who.getByRole('dialog').getByRole('button', {name: 'Agree'}).click();
    await who.getByText('You agreed.').waitFor();
    const after = (await ask('ben', 'GET', `/v1/runs/${id}`)).body.steps.find((step) => step.step === waiting.step);
    assert.deepEqual(after.agreed, [waiting.approvals_needed ? 'carla' : 'ben']);
    if (who !== ben) await close(who);
    await close(ben);
  },

  async 'a requirement is followed down to its evidence, and the evidence to the ledger'() {
    const page = await as('ben');
    await page.getByRole('link', {name: 'Controls'}).click();
    await page.getByRole('table', {name: 'Frameworks'}).getByRole('button').first().waitFor();
    const {controls} = (await ask('ben', 'GET', '/v1/controls?asset=model:fashion')).body;
    let found;
    for (const control of controls.filter((one) => one.state !== 'unknown').slice(0, 30)) {
      const one = (await ask('ben', 'GET', `/v1/controls/requirement?id=${encodeURIComponent(control.requirement)}`)).body;
      found = one.subjects.flatMap((subject) => subject.checks).find((check) => check.evidence !== null && check.evidence.summary) && control;
      if (found) break;
    }
    assert.ok(found, 'the scan of a pushed model bears on a requirement');
    await page.getByRole('table', {name: 'Frameworks'}).getByRole('button').first().click();
    await page.getByRole('table', {name: 'Requirements'}).waitFor();
    await page.getByLabel('State').selectOption('unknown');
    await page.getByText('Loading…').waitFor({state: 'detached'});
    await go(page, `/controls/${encodeURIComponent(found.requirement)}`, found.requirement);
    await page.locator('article a[href^="/evidence/"]').first().click();
    await page.getByText('Recorded', {exact: true}).waitFor();
    await page.getByRole('link', {name: /^entry \d+$/}).click();
    await page.getByText('The proof holds').waitFor();
    await close(page);
  },

  async 'an asset is described by who may'() {
    const page = await as('anna');
    await page.getByRole('link', {name: 'Inventory'}).click();
    await page.getByRole('button', {name: 'Describe model:credit'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Owner').fill('risk team');
    await dialog.getByLabel('Purpose').fill('decides on small loans');
    await dialog.getByLabel('Criticality').selectOption('4');
    await dialog.getByRole('button', {name: 'Keep'}).click();
    await page.getByText('model:credit is described.').waitFor();
    await page.getByRole('row', {name: /model:credit/}).getByText('decides on small loans').waitFor();
    await close(page);
    const vera = await as('vera');
    await go(vera, '/inventory', 'Inventory');
    await vera.getByRole('row', {name: /model:fashion/}).waitFor();
    assert.equal(await vera.getByRole('button', {name: /Describe/}).count(), 0);
    await close(vera);
  },

  async 'the risks of an asset are derived, mapped, owned, and accepted by somebody else'() {
    const page = await as('ben');
    await page.getByRole('link', {name: 'Risks'}).click();
    await page.getByRole('heading', {name: 'Risks', level: 1}).waitFor();
    await page.getByRole('button', {name: 'Derive risks…'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Asset').selectOption('model:fashion');
    await dialog.getByRole('button', {name: 'Derive'}).click();
    await page.getByText(/^\d+ risks? of model:fashion\.$/).waitFor();
    const all = (await ask('ben', 'GET', '/v1/risks')).body.risks.filter((one) => one.applies);
    const fields = page.getByRole('table', {name: /by likelihood and impact/}).getByRole('button');
    let mapped = 0;
    for (const text of await fields.allInnerTexts()) mapped += Number(text);
    assert.equal(mapped, all.length, 'every risk lies in a field');
    const here = Number(await fields.first().innerText());
    await fields.first().click();
    assert.equal(await page.getByRole('table', {name: 'Risks', exact: true}).getByRole('row').count(), here + 1);
    await page.getByRole('button', {name: 'Show all'}).click();
    await page.getByRole('table', {name: 'Risks', exact: true}).getByRole('link').first().click();
    await page.getByRole('button', {name: 'Owner and treatment…'}).click();
    await dialog.getByLabel('Owner').fill('anna');
    await dialog.getByLabel('Treatment').selectOption('accept');
    await dialog.getByRole('button', {name: 'Keep'}).click();
    await page.getByText('It is kept.').waitFor();
    await page.getByRole('button', {name: 'Accept…'}).click();
    await dialog.getByLabel('Days').fill('30');
    await dialog.getByLabel('Reason').fill('small, and watched');
    await dialog.getByRole('button', {name: 'Accept'}).click();
    await page.getByText('The risk is accepted.').waitFor();
    await page.getByText(/by ben: small, and watched/).waitFor();
    await close(page);
  },
};
