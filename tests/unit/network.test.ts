import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { networkHint } from '../../shared/msk/network.ts';
import { clusterArn, network, networkWords } from '../fixtures/request.ts';

const { details } = network.cluster;

describe('What a failure says about the network', () => {
  it("names security groups, network ACLs, Atlas's addresses and the command that lets them in", () => {
    assert.match(networkHint(clusterArn, details, '192.168.248.0/21'), networkWords);
  });

  it('has no command without the addresses or without a security group', () => {
    const withoutAddresses = networkHint(clusterArn, details, undefined);
    assert.match(
      withoutAddresses,
      /network ACLs .* must let Atlas's VPC reach TCP.*\(sg-0a1b, sg-0c2d\) needs a rule that does the same\.$/s,
    );
    const withoutGroups = networkHint(clusterArn, { ...details, securityGroups: [] }, '192.168.248.0/21');
    assert.match(
      withoutGroups,
      /network ACLs of the cluster's subnets must let Atlas's VPC \(192\.168\.248\.0\/21\) .*\.$/,
    );
    for (const hint of [withoutAddresses, withoutGroups]) assert.doesNotMatch(hint, /aws ec2/);
  });
});
