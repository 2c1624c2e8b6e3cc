import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { html } from '../../../local/page/markup.ts';
import { page } from '../../../local/page/page.ts';
import type { Report } from '../../../local/screen/report.ts';
import { assertSelfContained, parsePage } from '../../fixtures/page.ts';
import { connection, emptyReport } from '../../fixtures/report.ts';

const hostile = `</style></title></pre></svg><script>alert("1")</script><img src='x' onerror=alert(1)>&amp;&lt;`;

/** A failed run in which every text that AWS, Atlas or a user can choose is hostile. */
const hostileReport: Report = {
  ...emptyReport,
  description: hostile,
  startedBy: hostile,
  clusterArn: hostile,
  isClusterInvented: true,
  status: 'SetupFailed',
  error: hostile,
  cause: hostile,
  policy: { before: null, after: { Statement: { Sid: hostile, Effect: 'Allow', Principal: { AWS: hostile } } } },
  privateLinks: { before: [], after: [{ _id: hostile, arn: hostile, state: hostile, errorMessage: hostile }] },
  connections: {
    before: [{ ...connection, name: hostile, state: 'FAILED' }],
    after: [{ ...connection, name: hostile, bootstrapServers: hostile }],
  },
  tags: { before: { [hostile]: hostile }, after: { other: hostile } },
  registry: { before: { [hostile]: { [hostile]: hostile } }, after: null },
  timeline: [
    {
      state: 'InspectCluster',
      type: 'Task',
      enteredAt: '2026-11-28T00:00:00.000Z',
      seconds: 1,
      error: hostile,
      retried: [hostile],
    },
  ],
  messages: [{ subject: hostile, text: hostile }],
  others: [{ executionArn: hostile, status: hostile, output: { reason: hostile } }],
  requests: [{ at: '2026-11-28T00:00:01.000Z', service: 'atlas', operation: hostile, status: 'reset' }],
};

suite('the page about a run', () => {
  test('shows hostile texts as texts, and loads and runs nothing', () => {
    const { text } = assertSelfContained(page(hostileReport));
    // The title, the heading, and at least one for each field above.
    assert.ok(text.split(hostile).length > 20, String(text.split(hostile).length));
  });

  test('shows what an output says, and leaves out what it does not have', () => {
    const done = page({ ...emptyReport, output: { done: [{ resource: 'privateLink', result: 'created' }] } });
    assert.match(done, /<h2>What was done<\/h2>\n<ul><li>Private link: created<\/li><\/ul>/);
    assert.doesNotMatch(done, /<h2>(Why it failed|What stays|Private link in Atlas|Messages|Requests)/);
    const planned = page({ ...emptyReport, output: { changes: [{ state: 'CreateConnection', change: 'Create it' }] } });
    assert.match(planned, /<h2>What a run would change<\/h2>\n<ul><li>CreateConnection: Create it<\/li><\/ul>/);
    assert.match(page({ ...emptyReport, output: { changes: [] } }), /would change<\/h2>\n<p>Nothing\.<\/p>/);
    const other = page({ ...emptyReport, output: { reason: 'It is held.' } });
    assert.match(other, /<h2>Output<\/h2>\n<pre>\{ &#34;reason&#34;: &#34;It is held\.&#34; \}<\/pre>/);
    for (const text of [done, planned, other]) assertSelfContained(text);
  });

  test('says that the changes are those of all executions, if there are others', () => {
    const headings = (report: Report) => page(report).match(/<h2>[^<]*before and after[^<]*/g);
    const changed = { ...emptyReport, tags: { before: {}, after: { a: 'b' } } };
    assert.deepEqual(headings(changed), ['<h2>Tags of the cluster, before and after']);
    const others = [{ executionArn: `${emptyReport.executionArn}a`, status: 'Disconnected' }];
    assert.deepEqual(headings({ ...changed, others }), ['<h2>Tags of the cluster, before and after all executions']);
  });

  test('shows the same request several times in a row as one', () => {
    const request = { service: 'kafka', operation: 'DescribeClusterV2', status: 200 } as const;
    const at = (minute: number) => ({ ...request, at: `2026-11-28T00:0${minute}:00.000Z` });
    const timeline = [{ state: 'A', type: 'Task', enteredAt: at(0).at, seconds: 1 }] as Report['timeline'];
    const requests = [at(1), at(2), { ...at(3), status: 429 }, at(4)];
    const rows = [
      ...page({ ...emptyReport, timeline, requests }).matchAll(
        /DescribeClusterV2<\/td><td>(\d+)<\/td><td class="number">(\d+)/g,
      ),
    ];
    assert.deepEqual(
      rows.map(([, status, times]) => `${status} ×${times}`),
      ['200 ×2', '429 ×1', '200 ×1'],
    );
    assert.match(page({ ...emptyReport, timeline, requests }), /0:01:00 – 0:02:00/);
  });

  test('has a graph in which the arrows that the run took are coloured, of the machine that ran', () => {
    const transitions = [
      { from: 'ReceiveRequest', to: 'ResolveRequest' },
      { from: 'ResolveRequest', to: 'IsAnythingToDo' },
      { from: 'IsAnythingToDo', to: 'NothingToDo' },
    ];
    const timeline = transitions.map(({ from }) => ({ state: from, type: 'Task' })) as Report['timeline'];
    const executionArn = emptyReport.executionArn.replace('-connect', '-disconnect');
    const text = page({ ...emptyReport, executionArn, status: 'NothingToDo', timeline, transitions });
    const { elements } = parsePage(text);
    const taken = elements.filter(({ attrs }) => attrs.some(({ value }) => value === 'arrow taken'));
    assert.equal(taken.length, ['from Start', ...transitions, 'to End'].length);
    assert.match(text, />DeletePrivateLink</);
  });
});

suite('markup', () => {
  test('escapes texts and numbers, joins lists, and keeps markup', () => {
    assert.equal(
      html`<b title="${'"'}">${['<', html`<i>${1}</i>`]}${undefined}${false}</b>`.text,
      '<b title="&#34;">&#60;<i>1</i></b>',
    );
  });
});
