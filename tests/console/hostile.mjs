/** Text that means to be a script, and pages of other sites. */
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {as, ask, close, given, go, open} from './browser.mjs';

const EVIL = '<script>window.hit=1</script><img src=x onerror="window.hit=1"><svg onload="window.hit=1">';

export const tests = {
  async 'text that means to be a script is shown as text, everywhere'() {
    await ask('ben', 'POST', '/v1/models/credit/quarantine', {version: 3, reason: EVIL});
    const page = await as('ben');
    // Names that the service would not take, as if it had.
    const {body: overview} = await ask('ben', 'GET', '/v1/overview');
    Object.assign(overview.models[0], {name: EVIL, quarantine: EVIL});
    await page.route('**/v1/overview', (route) => route.fulfill({json: overview}));
    await page.route('**/v1/alerts?*', (route) => route.fulfill({json: {alerts: [{number: 1e9, detector: EVIL, version: EVIL,
      severity: EVIL, title: EVIL, principals: [EVIL], first: 1, last: 1, times: 2, evidence: {}}]}}));
    await page.reload();
    await page.getByRole('link', {name: EVIL}).waitFor();
    await go(page, '/live', 'Live');
    await page.getByText(EVIL).first().waitFor();
    await go(page, '/models/credit/versions/3', 'credit, version 3');
    await page.getByText('In quarantine: ' + EVIL).waitFor();
    await go(page, '/models/' + encodeURIComponent(EVIL), EVIL);
    await page.getByRole('alert').waitFor();
    await go(page, '/ledger', 'Ledger');
    const {entries} = (await ask('ben', 'GET', '/v1/ledger/entries?limit=50')).body;
    const entry = entries.find((one) => JSON.stringify(one).includes('window.hit'));
    await go(page, `/ledger/${entry.index}`, `Entry ${entry.index}`);
    await page.getByLabel('Details').getByText('window.hit').waitFor();
    assert.equal(await page.evaluate(() => window.hit), undefined);
    await ask('ben', 'POST', '/v1/models/credit/release', {version: 3, reason: 'over'});
    await close(page);
  },

  async 'the policy stops what would get into the page all the same'() {
    const page = await as('ben');
    const stopped = await page.evaluate(async () => {
      const out = {};
      const tried = (name, work) => {
        try {
          work();
          out[name] = 'done';
        } catch (fault) {
          out[name] = fault.name;
        }
      };
      tried('inner', () => { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.hit=1">'); });
      // Not in this call itself: what a debugger runs may evaluate text.
      await new Promise((done) => setTimeout(() => {
        tried('eval', () => { (0, eval)('window.hit=2'); });
        done();
      }));
      tried('script', () => {
        const script = document.createElement('script');
        script.src = 'data:text/javascript,window.hit=3';
        document.head.append(script);
      });
      const frame = document.createElement('iframe');
      tried('frame', () => { frame.srcdoc = '<script>parent.hit=4</script>'; });
      document.body.append(frame);
      try {
        await fetch('http://127.0.0.1:9/');
        out.fetch = 'done';
      } catch (fault) {
        out.fetch = fault.name;
      }
      await new Promise((done) => setTimeout(done, 200));
      return {...out, hit: window.hit};
    });
    assert.notEqual(stopped.inner, 'done');
    assert.notEqual(stopped.eval, 'done');
    assert.notEqual(stopped.script, 'done');
    assert.notEqual(stopped.frame, 'done');
    assert.equal(stopped.fetch, 'TypeError');
    assert.equal(stopped.hit, undefined);
    assert.ok(page.faults.length >= 3, 'the browser said so');
    page.faults.length = 0;
    await close(page);
  },

  async 'a page of another site can neither use a session nor frame the console'() {
    const other = createServer((request, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<title>evil</title><form id=f method=post enctype="text/plain" action="${given.address}/v1/principals">
        <input name='{"name":"mallory","x":"' value='"}'></form><iframe src="${given.address}/"></iframe>`);
    });
    await new Promise((done) => other.listen(0, '127.0.0.1', done));
    // Another name of this machine is another site.
    const evil = `http://localhost:${other.address().port}/`;
    const page = await as('anna');
    await page.goto(evil);
    const answer = page.waitForResponse((response) => response.url().endsWith('/v1/principals'));
    await page.evaluate(() => document.getElementById('f').submit());
    const status = (await answer).status();
    await page.waitForURL('**/v1/principals');
    assert.ok(status === 401 || status === 403, `a form was answered ${status}`);
    await page.goto(evil);
    const fetched = await page.evaluate(async (address) => {
      try {
        const response = await fetch(address + '/v1/principals', {method: 'POST', credentials: 'include', mode: 'no-cors',
          body: '{"name":"mallory"}'});
        return response.type;
      } catch (fault) {
        return fault.name;
      }
    }, given.address);
    assert.ok(['opaque', 'TypeError'].includes(fetched), fetched);
    const names = (await ask('admin', 'GET', '/v1/principals')).body.principals.map((one) => one.name);
    assert.ok(!names.includes('mallory'));
    const frame = page.frames().find((one) => one !== page.mainFrame());
    assert.equal(await frame?.locator('#root').count().catch(() => 0) ?? 0, 0, 'the console is not framed');
    page.faults.length = 0;  // what the browser says of the frame
    await close(page);
    // Of the same site (another port), the cookie goes along: the service itself refuses.
    const near = await open();
    const signed = await as('anna');
    await near.context().addCookies(await signed.context().cookies());
    await near.goto(`http://127.0.0.1:${other.address().port}/`);
    const refused = near.waitForResponse((response) => response.url().endsWith('/v1/principals'));
    await near.evaluate(() => document.getElementById('f').submit());
    const response = await refused;
    assert.equal(response.status(), 403);
    assert.equal((await response.json().catch(() => ({code: 'cross-site'}))).code, 'cross-site');
    near.faults.length = 0;
    await close(near);
    await close(signed);
    await new Promise((done) => {
      other.close(done);
      other.closeAllConnections();
    });
  },
};
