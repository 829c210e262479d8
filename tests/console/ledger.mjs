import assert from 'node:assert/strict';
import {as, ask, close, go} from './browser.mjs';

/** Another letter where one stands in the middle of the base64 of the entry. */
function tampered(proof) {
  const at = proof.indexOf('extra ') + 40;
  return proof.slice(0, at) + (proof[at] === 'A' ? 'B' : 'A') + proof.slice(at + 1);
}

export const tests = {
  async 'entries are read, and their proofs are checked in the browser'() {
    const page = await as('ben');
    await page.getByRole('link', {name: 'Ledger'}).click();
    await page.getByRole('table', {name: 'Entries'}).getByRole('row').nth(3).waitFor();
    const older = page.getByRole('button', {name: 'Older'});
    while (await older.isEnabled()) {
      const from = page.url();
      await older.click();
      await page.waitForURL((url) => url.href !== from);
      await page.getByRole('table', {name: 'Entries'}).waitFor();
    }
    await page.getByRole('link', {name: '0', exact: true}).waitFor();
    await page.getByRole('table', {name: 'Entries'}).getByRole('link').nth(2).click();
    await page.getByText('The proof holds').waitFor();
    assert.equal(await page.locator('.steps .badge.good').count(), 4);
    await page.getByRole('heading', {name: 'What it says'}).waitFor();
    await close(page);
  },

  async 'an entry that was changed on its way is seen'() {
    const proof = (await ask('ben', 'GET', '/v1/ledger/entries/2/proof')).body;
    const page = await as('ben');
    await page.route('**/v1/ledger/entries/2/proof', (route) => route.fulfill(
      {contentType: 'text/plain; charset=utf-8', body: tampered(proof)}));
    await go(page, '/ledger/2', 'Entry 2');
    await page.getByText('The proof does not hold').waitFor();
    await page.getByText('they give another root').waitFor();
    await close(page);
  },

  async 'a proof that one was given is checked: good, tampered, of another ledger, nonsense'() {
    const proof = (await ask('ben', 'GET', '/v1/ledger/entries/3/proof')).body;
    const page = await as('ben');
    await go(page, '/ledger', 'Ledger');
    const check = async (text, verdict) => {
      await page.getByLabel('Proof', {exact: true}).fill(text);
      await page.getByRole('button', {name: 'Check'}).click();
      await page.getByText(verdict).waitFor();
    };
    await check(proof, 'The proof holds');
    await check(tampered(proof), 'they give another root');
    await check(proof.replace(/index 3/, 'index 4'), 'the index in the entry is another one');
    const lines = proof.split('\n');
    const last = lines.length - 2;
    const name = lines[last].split(' ');
    await check([...lines.slice(0, last), `${name[0]} ${name[1]} ${name[2].slice(0, 12)}${'A'.repeat(name[2].length - 14)}==`, ''].join('\n'),
      'The proof does not hold');
    await check('nonsense', 'this is no proof');
    await close(page);
  },

  async 'another key than before is not passed over'() {
    const page = await as('ben');
    await go(page, '/ledger', 'Ledger');
    await page.getByText('Key of the ledger').waitFor();
    await page.evaluate(() => localStorage.setItem('bartizan-ledger-key', 'log+00000000+AAAA'));
    await go(page, '/', 'Overview');
    await go(page, '/ledger', 'Ledger');
    await page.getByText('signed by another key').waitFor();
    await page.getByRole('button', {name: 'keep the new key'}).click();
    await page.getByText('signed by another key').waitFor({state: 'detached'});
    await close(page);
  },
};
