import { readFileSync } from 'node:fs';
import type { Scheme } from '../../shared/login.ts';
import { regionOf } from '../../shared/msk/arn.ts';
import type { Change } from '../../shared/prerequisites/plan-changes.ts';

/** The tool that owns a cluster, as its tags show. */
export interface Owner {
  tool: 'CloudFormation' | 'Terraform' | 'OpenTofu' | 'Pulumi';
  /** The tag that shows it, such as `ManagedBy=terraform`. */
  tag: string;
  /** What belongs into the configuration of that tool, so that it does not undo what a run changes. */
  snippets: { title: string; text: string }[];
}

/** Common marks: a key that says what manages the resource, or a key that is the tool itself. */
const managedBy = /^(managed|provisioned|created|deployed)[-_: ]?(by|with)$/i;
const tools = { terraform: 'Terraform', opentofu: 'OpenTofu', tofu: 'OpenTofu', pulumi: 'Pulumi' } as const;

/** CloudFormation sets this tag itself, also for the CDK. */
const stackTag = 'aws:cloudformation:stack-name';

/** The page with the snippets. */
export const ownersPage = 'docs/infrastructure-as-code.md';

/** @param tags of the cluster @returns the tool, and the tag that shows it; undefined if no tag does */
function toolOf(tags: Record<string, string>): Pick<Owner, 'tool' | 'tag'> | undefined {
  if (tags[stackTag] !== undefined) return { tool: 'CloudFormation', tag: `${stackTag}=${tags[stackTag]}` };
  for (const [key, value] of Object.entries(tags))
    for (const [word, tool] of Object.entries(tools)) {
      const isNamed = managedBy.test(key) && value.toLowerCase().includes(word);
      const isMarked = key.toLowerCase() === word && !/^(false|no|0)$/i.test(value);
      if (isNamed || isMarked) return { tool, tag: `${key}=${value}` };
    }
  return undefined;
}

/** The section of the page with the snippet for what a state of a run changes. */
const sections: Record<string, string> = {
  EnablePrivateConnectivity: 'Multi-VPC connectivity',
  AssociateScramSecret: 'SCRAM secrets',
  ApplyClusterPolicy: 'Cluster policy',
};

/**
 * Who owns a cluster.
 *
 * @param plan what a run would change
 * @param known the AWS account of Atlas, if it is known, and the schemes for which multi-VPC connectivity is on after a run
 */
export function ownerOf(clusterArn: string, tags: Record<string, string>, plan: Change[], known: Known): Owner | null {
  const found = toolOf(tags);
  if (!found) return null;
  const titles = new Set(['Tags', ...plan.flatMap(({ state }) => sections[state] ?? [])]);
  const chapter = found.tool === 'CloudFormation' ? 'CloudFormation' : 'Terraform';
  const document = readFileSync(new URL(`../../${ownersPage}`, import.meta.url), 'utf8');
  const snippets =
    found.tool === 'Pulumi'
      ? []
      : [...titles].map((title) => ({
          title,
          text: withValues(firstBlock(document, chapter, title), clusterArn, known),
        }));
  return { ...found, snippets };
}

/** The first block of code in a section. @throws if there is none */
function firstBlock(document: string, chapter: string, title: string): string {
  const [, sectionsOfChapter = ''] = document.split(`\n## ${chapter}\n`);
  const [, section = ''] = (sectionsOfChapter.split('\n## ')[0] ?? '').split(`\n### ${title}\n`);
  const [, block] = /^```\w+\n(.*?)\n```$/ms.exec(section.split('\n### ')[0] ?? '') ?? [];
  if (block === undefined) throw new Error(`${ownersPage} has no block of code under "${chapter}", "${title}".`);
  return block;
}

interface Known {
  account: string | undefined;
  schemes: Scheme[];
}

/** The line of the example that declares a scheme of multi-VPC connectivity, in Terraform and in CloudFormation. */
const schemeLine = /^( *)(iam = true|Iam: \{ Enabled: true \})(?: #.*)?$/m;

/** The values of the example are those of this cluster. */
const withValues = (snippet: string, clusterArn: string, { account = 'ACCOUNT_OF_ATLAS', schemes }: Known): string =>
  snippet
    .replace(schemeLine, (_, indent: string, byIam: string) =>
      schemes.map((scheme) => `${indent}${scheme === 'IAM' ? byIam : inScram(byIam)}`).join('\n'),
    )
    .replaceAll('aws_msk_cluster.orders.arn', JSON.stringify(clusterArn))
    .replaceAll('!Ref Orders', clusterArn)
    .replaceAll('821274765805', account)
    .replaceAll('us-east-1"', `${regionOf(clusterArn)}"`);

const inScram = (byIam: string): string => byIam.replace('iam =', 'scram =').replace('Iam:', 'Scram:');
