import assert from 'node:assert/strict';
import {as, ask, close, given, go, infer, until} from './browser.mjs';

export const tests = {
  async 'traffic, detectors and alerts come up by themselves'() {
    await until('the model', async () => (await infer('shop', given.rows.honest[0])).status === 200);
    const page = await as('ben');
    await page.getByText('Live', {exact: true}).first().waitFor();
    await go(page, '/live', 'Live');
    for (const row of given.rows.honest.slice(0, 10)) await infer('shop', row);
    await page.getByRole('table', {name: 'Traffic'}).getByRole('row', {name: /fashion/}).waitFor();
    await until('the detectors', async () => {
      await infer('shop', given.rows.honest[1]);
      const {versions} = (await ask('admin', 'GET', '/v1/detectors')).body;
      return versions.some((one) => one.detectors.includes('theft'));
    });
    await page.getByRole('table', {name: 'Detectors'}).getByText('theft').waitFor();
    for (const row of given.rows.thief) await infer('thief', row);
    await page.getByRole('list', {name: /Alerts/}).getByText(/thief/).first().waitFor();
    await close(page);
  },

  async 'the overview counts what was asked and noticed'() {
    const page = await as('ben');
    const row = page.getByRole('row', {name: /fashion/});
    await row.getByText(/\d+ answers/).waitFor();
    await row.getByText(/\d+ high/).waitFor();
    await close(page);
  },

  async 'a change by somebody else is shown without asking'() {
    const page = await as('anna');
    await go(page, '/models/credit', 'credit');
    await page.getByText('Live', {exact: true}).first().waitFor();
    assert.equal(await page.getByText('seen elsewhere').count(), 0);
    await ask('ben', 'POST', '/v1/models/credit/quarantine', {version: 3, reason: 'seen elsewhere'});
    await page.getByRole('row', {name: /version 3/}).getByText('quarantined').waitFor();
    await ask('ben', 'POST', '/v1/models/credit/release', {version: 3, reason: 'over'});
    await close(page);
  },
};
