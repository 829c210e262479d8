import assert from 'node:assert/strict';
import {as, close, forget, given, open, signIn} from './browser.mjs';

export const tests = {
  async 'a wrong password is told, the right one opens the console, leaving closes it'() {
    const page = await open();
    await signIn(page, 'anna', 'wrong horse battery staple');
    await page.getByRole('alert').getByText('no name and password').waitFor();
    await page.getByLabel('Password', {exact: true}).fill(given.password);
    await page.getByRole('button', {name: 'Sign in'}).click();
    await page.getByRole('heading', {name: 'Overview'}).waitFor();
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite, cookie.path], ['bartizan', true, 'Strict', '/']);
    assert.equal(await page.evaluate(() => document.cookie), '', 'scripts see no cookie');
    assert.equal(await page.evaluate(() => JSON.stringify(localStorage) + JSON.stringify(sessionStorage)).then((all) => all.includes('btz_')), false);
    await page.reload();
    await page.getByRole('heading', {name: 'Overview'}).waitFor();
    await page.getByRole('button', {name: 'Sign out'}).click();
    await page.getByRole('heading', {name: 'Sign in to Bartizan'}).waitFor();
    await page.context().addCookies([cookie]);
    await page.reload();
    await page.getByRole('heading', {name: 'Sign in to Bartizan'}).waitFor();
    await close(page);
  },

  async 'a key signs in too'() {
    const page = await open();
    await page.goto('/');
    await page.getByLabel('an API key').check();
    await page.getByLabel('API key', {exact: true}).fill(given.keys.vera);
    await page.getByRole('button', {name: 'Sign in'}).click();
    await page.getByText('Signed in as vera').waitFor();
    await close(page);
  },

  async 'a session that ends elsewhere ends here'() {
    const page = await as('vera');
    const [cookie] = await page.context().cookies();
    const gone = await page.context().request.delete('/v1/session',
      {headers: {'Bartizan-Console': '1', Origin: given.address, Cookie: `${cookie.name}=${cookie.value}`}});
    assert.equal(gone.status(), 200);
    await page.getByText('Your session has ended').waitFor();
    forget('vera');
    await close(page);
  },
};
