import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RegistryRecord } from '../../shared/registry/record.ts';
import { type Asked, settle } from '../../shared/request/settle.ts';
import { clusterArn, projectId } from '../fixtures/request.ts';
import { settings } from '../fixtures/settings.ts';

const other = 'a'.repeat(24);

interface Case {
  action?: Asked['action'];
  given?: Partial<Asked['given']>;
  tags?: Record<string, string>;
  recorded?: Partial<RegistryRecord>;
  /** The parameter allowedTargets. */
  allowed?: string;
}

const settled = ({ action = 'connect', given, tags = {}, recorded, allowed = '' }: Case) =>
  settle(
    {
      action,
      given: { clusterArn, ...given },
      tags,
      recorded: recorded && { clusterArn, ...recorded },
      wantedBy: 'tag',
      clusterName: 'orders',
    },
    settings({ ALLOWED_TARGETS: allowed }),
  );

const byTag = (workspace?: string, project?: string) => ({
  ...(workspace && { 'atlas-streaming/workspace': workspace }),
  ...(project && { 'atlas-streaming/project-id': project }),
});

describe('a target', () => {
  const accepted: [what: string, Case][] = [
    ["the deployment's own", { given: { projectId, workspace: 'streams' } }],
    ["the deployment's own, by tags", { tags: byTag('streams', projectId) }],
    ['a listed workspace of a listed project', { tags: byTag('b', other), allowed: `${other}/b` }],
    ['any workspace of a project with *', { tags: byTag('b', other), allowed: `${other}/*` }],
    ["another workspace of the deployment's own project", { tags: byTag('b'), allowed: `${projectId}/b` }],
    ['one of several, with spaces around the commas', { tags: byTag('b'), allowed: `${other}/a , ${projectId}/b` }],
    ["the deployment's own, beside a list", { given: { projectId }, allowed: `${other}/b` }],
  ];
  for (const [what, asked] of accepted)
    it(`is accepted if it is ${what}`, () => {
      const { projectId: project, workspace } = settled(asked);
      const tags = asked.tags ?? {};
      assert.equal(project, asked.given?.projectId ?? tags['atlas-streaming/project-id'] ?? projectId);
      assert.equal(workspace, asked.given?.workspace ?? tags['atlas-streaming/workspace'] ?? 'streams');
    });

  const own = `${projectId}/streams`;
  const refused: [what: string, Case, complaint: RegExp][] = [
    [
      "another workspace of the deployment's own project, by default",
      { tags: byTag('b') },
      RegExp(
        `^The tag atlas-streaming/workspace is "b", so the target is "${projectId}/b", which this deployment does not allow\\. It allows only: "${own}"\\. \\(Settings: atlasProjectId, atlasWorkspace, allowedTargets\\) Correct the tag, or remove it:\n {2}aws kafka untag-resource --region us-east-1 --resource-arn ${clusterArn} --tag-keys atlas-streaming/workspace\nOr allow the target: add it to allowedTargets in the stage file, and deploy again\\.$`,
      ),
    ],
    ['another workspace by the input', { given: { workspace: 'b' } }, /^workspace is "b", so the target is /],
    [
      'another project',
      { given: { projectId: other }, allowed: `${projectId}/*` },
      RegExp(
        `^projectId is "${other}", so the target is "${other}/streams", .* only: "${own}", "${projectId}/\\*"\\. .* To allow it, add it to allowedTargets`,
      ),
    ],
    [
      'another workspace of a listed project',
      { tags: byTag('c', other), allowed: `${other}/b` },
      RegExp(
        `^The tag atlas-streaming/project-id is "${other}" and the tag atlas-streaming/workspace is "c", so the target is "${other}/c"`,
      ),
    ],
    [
      "a listed project with the deployment's workspace, which is not listed for it",
      { tags: byTag(undefined, other), allowed: `${other}/b` },
      RegExp(`^The tag atlas-streaming/project-id is "${other}", so the target is "${other}/streams"`),
    ],
    [
      'a listed workspace of another project',
      { tags: byTag('b', 'b'.repeat(24)), allowed: `${other}/b` },
      /"b{24}\/b", which/,
    ],
    ['a name that only begins like a listed one', { tags: byTag('bb'), allowed: `${projectId}/b` }, /streams".*\/b"/],
    [
      'by the input of a disconnect without a record',
      { action: 'disconnect', given: { workspace: 'b' } },
      /^workspace/,
    ],
  ];
  for (const [what, asked, complaint] of refused)
    it(`is refused if it is ${what}`, () => {
      assert.throws(() => settled(asked), { name: 'InvalidRequest', message: complaint });
    });

  it('is listed with at most five others', () => {
    const allowed = Array.from({ length: 9 }, (_, i) => `${other}/w${i}`).join(',');
    assert.throws(() => settled({ tags: byTag('b'), allowed }), /"a{24}\/w3" and 5 more\. \(/);
  });
});

describe('a recorded target that is no longer allowed', () => {
  const target = { projectId: other, workspace: 'b', connectionName: 'orders', mechanism: 'SCRAM-512' } as const;
  const targetOf = ({ projectId: project, workspace }: ReturnType<typeof settled>) => [project, workspace];

  for (const ownership of ['created', 'adopted'] as const) {
    const recorded = { target, connection: { ownership }, privateLink: { ownership } };
    it(`is verified as before if its connection is ${ownership}, also if tags or the input name it`, () => {
      for (const asked of [{}, { tags: byTag('b', other) }, { given: { projectId: other, workspace: 'b' } }])
        assert.deepEqual(targetOf(settled({ ...asked, recorded })), [other, 'b']);
    });

    it(`is disconnected if its connection is ${ownership}, also if the input names it`, () => {
      for (const given of [{}, { projectId: other, workspace: 'b' }])
        assert.deepEqual(targetOf(settled({ action: 'disconnect', given, recorded })), [other, 'b']);
    });
  }

  it('is disconnected if only its private link is left', () => {
    const recorded = { target, privateLink: { ownership: 'created' as const } };
    assert.deepEqual(targetOf(settled({ action: 'disconnect', recorded })), [other, 'b']);
  });

  for (const [what, pieces] of [
    ['nothing', {}],
    ['no connection', { privateLink: { ownership: 'created' } }],
  ] as const)
    it(`is not connected to again if the record has ${what} in it`, () => {
      assert.throws(() => settled({ recorded: { target, ...pieces } }), {
        name: 'InvalidRequest',
        message: RegExp(
          `^The recorded target is "${other}/b", which this deployment does not allow\\. It allows only: `,
        ),
      });
    });

  it('is not connected to again through a tag of a target that is allowed, but that the cluster cannot move to', () => {
    const recorded = { target, privateLink: { ownership: 'created' as const } };
    const asked = { tags: byTag('c', projectId), recorded, allowed: `${other}/c` };
    assert.throws(() => settled(asked), { name: 'InvalidRequest', message: /^The recorded target is / });
  });
});

describe('a connected cluster', () => {
  const target = { projectId, workspace: 'streams', connectionName: 'orders', mechanism: 'SCRAM-512' } as const;
  const recorded = { target, connection: { ownership: 'created' as const } };

  it('stays where it is if a tag asks for a target that is not allowed', () => {
    const { workspace, targetChange } = settled({ tags: byTag('b', other), recorded });
    assert.equal(workspace, 'streams');
    assert.match(targetChange ?? '', /the tag atlas-streaming\/workspace is "b"/);
  });

  it('refuses an input that asks for a target that is not allowed', () => {
    for (const given of [{ workspace: 'b' }, { projectId: other }])
      assert.throws(() => settled({ given, recorded }), { name: 'InvalidRequest', message: /does not allow/ });
  });
});
