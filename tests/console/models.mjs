import assert from 'node:assert/strict';
import {as, ask, close, go} from './browser.mjs';

async function production(model) {
  return (await ask('admin', 'GET', `/v1/models/${model}`)).body.aliases.production;
}

export const tests = {
  async 'the overview shows every model that one may see, and no other'() {
    const anna = await as('anna');
    await anna.getByRole('row', {name: /fashion/}).getByText('version 1 in production').waitFor();
    await anna.getByRole('row', {name: /credit/}).getByText('version 2 in production').waitFor();
    await close(anna);
    const vera = await as('vera');
    await vera.getByRole('row', {name: /fashion/}).waitFor();
    assert.equal(await vera.getByText('credit').count(), 0);
    assert.equal(await vera.getByRole('link', {name: 'Access'}).count(), 0, 'a page without anything for her');
    await vera.getByRole('link', {name: 'fashion'}).click();
    await vera.getByRole('heading', {name: 'fashion', level: 1}).waitFor();
    assert.equal(await vera.getByRole('button', {name: /Quarantine|Roll back|Promote/}).count(), 0);
    await close(vera);
  },

  async 'a version is promoted with a reason, and its evidence is shown'() {
    const page = await as('anna');
    await page.getByRole('link', {name: 'credit'}).click();
    await page.getByRole('link', {name: 'version 3'}).click();
    await page.getByRole('heading', {name: 'credit, version 3'}).waitFor();
    await page.getByRole('row', {name: /scan clean/}).waitFor();
    await page.getByText('trained on quarter 3').waitFor();
    await page.getByRole('button', {name: 'Promote…'}).click();
    const dialog = page.getByRole('dialog');
    assert.ok(await dialog.getByRole('button', {name: 'Promote'}).isDisabled(), 'a reason is needed');
    await dialog.getByLabel('Reason').fill('quarter 3 is better');
    await dialog.getByRole('button', {name: 'Promote'}).click();
    await page.getByText('Version 3 serves.').waitFor();
    assert.equal(await production('credit'), 3);
    await close(page);
  },

  async 'who changes his mind changes nothing'() {
    const page = await as('anna');
    await go(page, '/models/credit', 'credit');
    await page.getByRole('button', {name: 'Roll back…'}).click();
    await page.getByRole('dialog').getByRole('button', {name: 'Cancel'}).click();
    await page.getByRole('button', {name: 'Roll back…'}).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({state: 'hidden'});
    assert.equal(await production('credit'), 3);
    await close(page);
  },

  async 'a rollback leads back to the version before, and says so'() {
    const page = await as('anna');
    await go(page, '/models/credit', 'credit');
    await page.getByRole('button', {name: 'Roll back…'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('back to version 2').waitFor();
    await dialog.getByLabel('Reason').fill('complaints');
    await dialog.getByRole('button', {name: 'Roll back'}).click();
    await page.getByText('credit is back at version 2.').waitFor();
    await page.getByRole('table', {name: 'Moves'}).getByText('complaints').waitFor();
    assert.equal(await production('credit'), 2);
    await close(page);
  },

  async 'what is in quarantine is not offered'() {
    await ask('admin', 'POST', '/v1/models/credit/quarantine', {version: 1, reason: 'old'});
    const page = await as('anna');
    await go(page, '/models/credit', 'credit');
    assert.equal(await page.getByRole('button', {name: 'Promote 1…'}).count(), 0);
    await close(page);
  },

  async 'a model is quarantined, and released by the role security alone'() {
    const anna = await as('anna');
    await go(anna, '/models/credit', 'credit');
    await anna.getByRole('button', {name: 'Quarantine…'}).click();
    await anna.getByRole('dialog').getByLabel('Reason').fill('a trojan is suspected');
    await anna.getByRole('dialog').getByRole('button', {name: 'Quarantine'}).click();
    await anna.getByText('In quarantine: a trojan is suspected').waitFor();
    assert.equal(await anna.getByRole('button', {name: 'Release…'}).count(), 0);
    await close(anna);
    const ben = await as('ben');
    await ben.getByRole('row', {name: /credit/}).getByText('in quarantine').waitFor();
    await go(ben, '/models/credit', 'credit');
    await ben.getByRole('button', {name: 'Release…'}).click();
    await ben.getByRole('dialog').getByLabel('Reason').fill('a false alarm');
    await ben.getByRole('dialog').getByRole('button', {name: 'Release'}).click();
    await ben.getByText('credit is released.').waitFor();
    assert.equal((await ask('admin', 'GET', '/v1/models/credit')).body.quarantine, null);
    await close(ben);
  },

  async 'a refusal of the service is told in the dialog'() {
    const page = await as('anna');
    await go(page, '/models/credit', 'credit');
    await page.route('**/quarantine', (route) => route.fulfill({status: 409, contentType: 'application/problem+json',
      body: JSON.stringify({code: 'conflict', detail: 'somebody was faster', request_id: '1234'})}));
    await page.getByRole('button', {name: 'Quarantine…'}).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('x');
    await page.getByRole('dialog').getByRole('button', {name: 'Quarantine'}).click();
    await page.getByRole('dialog').getByText('Somebody was faster.').waitFor();
    await close(page);
  },
};
