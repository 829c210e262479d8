import assert from 'node:assert/strict';
import {as, ask, close, forget, given, go} from './browser.mjs';

const principal = async (name) => (await ask('admin', 'GET', '/v1/principals')).body.principals.find((one) => one.name === name);

export const tests = {
  async 'a principal is added, granted a role, given a key, and loses all of it'() {
    const page = await as('anna');
    await page.getByRole('link', {name: 'Access'}).click();
    await page.getByRole('button', {name: 'Add a principal…'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Partner');
    assert.ok(await dialog.getByRole('button', {name: 'Add'}).isDisabled(), 'not a name');
    await dialog.getByLabel('Name').fill('partner');
    await dialog.getByLabel('Kind').selectOption('service');
    await dialog.getByRole('button', {name: 'Add'}).click();
    await page.getByRole('heading', {name: 'partner', level: 1}).waitFor();

    await page.getByRole('button', {name: 'Grant a role…'}).click();
    await dialog.getByLabel('Role').selectOption('consumer');
    await dialog.getByLabel('On').fill('model:fashion');
    await dialog.getByRole('button', {name: 'Grant'}).click();
    await page.getByText('consumer@model:fashion is granted.').waitFor();
    assert.deepEqual((await principal('partner')).grants, ['consumer@model:fashion']);

    await page.getByRole('button', {name: 'Create a key…'}).click();
    await dialog.getByLabel('What it is for').fill('the shop window');
    await dialog.getByRole('button', {name: 'Create'}).click();
    const key = await page.locator('code.secret').innerText();
    assert.match(key, /^btz_[0-9a-f]{12}_[0-9a-f]{64}$/);
    given.keys.partner = key;
    assert.equal((await ask('partner', 'GET', '/v1/whoami')).status, 200);
    await go(page, '/access', 'Access');
    await go(page, '/access/partner', 'partner');
    assert.equal(await page.getByText(key).count(), 0, 'it is shown once');

    await page.getByRole('button', {name: /^Revoke key/}).click();
    await dialog.getByRole('button', {name: 'Revoke'}).click();
    await page.getByText('is revoked.').waitFor();
    assert.equal((await ask('partner', 'GET', '/v1/whoami')).status, 401);

    await page.getByRole('button', {name: 'Revoke consumer@model:fashion'}).click();
    await dialog.getByRole('button', {name: 'Revoke'}).click();
    await page.getByText('It holds no role').waitFor();
    assert.deepEqual((await principal('partner')).grants, []);

    await page.getByRole('button', {name: 'Disable…'}).click();
    await dialog.getByRole('button', {name: 'Disable'}).click();
    await page.getByText('partner is disabled.').waitFor();
    await page.getByRole('button', {name: 'Enable…'}).click();
    await dialog.getByRole('button', {name: 'Enable'}).click();
    await page.getByText('partner is enabled.').waitFor();
    await close(page);
  },

  async 'a new password holds at once'() {
    const page = await as('anna');
    await go(page, '/access/vera', 'vera');
    await page.getByRole('button', {name: 'Set the password…'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('New password').fill('short');
    assert.ok(await dialog.getByRole('button', {name: 'Set'}).isDisabled());
    await dialog.getByLabel('New password').fill(given.password + '!');
    await dialog.getByRole('button', {name: 'Set'}).click();
    await page.getByText('The password is set.').waitFor();
    forget('vera');
    await ask('admin', 'PUT', '/v1/principals/vera/password', {password: given.password});
    await close(page);
  },

  async 'the service keeps an admin, whatever is clicked'() {
    const page = await as('anna');
    await go(page, '/access/admin', 'admin');
    await page.getByRole('button', {name: 'Revoke admin@*'}).click();
    await page.getByRole('dialog').getByRole('button', {name: 'Revoke'}).click();
    await page.getByText('admin@* is revoked.').waitFor();
    await go(page, '/access/anna', 'anna');
    await page.getByRole('button', {name: 'Revoke admin@*'}).click();
    await page.getByRole('dialog').getByRole('button', {name: 'Revoke'}).click();
    await page.getByRole('dialog').getByText('Nobody would be left').waitFor();
    await page.keyboard.press('Escape');
    await ask('anna', 'PUT', '/v1/principals/admin/grants/admin@*', {});
    await close(page);
  },

  async 'what a second person must agree to waits under Approvals'() {
    const page = await as('anna');
    await go(page, '/approvals', 'Approvals');
    await page.getByText('Nothing waits for you').waitFor();
    await close(page);
  },
};
