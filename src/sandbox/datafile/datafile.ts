import type { OdpSandboxIntegration } from '../state/account.js';

/** What a datafile is made of. */
export interface DatafileParts {
  readonly sdkKey: string;
  readonly revision: string;
  readonly integration: OdpSandboxIntegration | null;
  /** Names of segments; each gets an audience, and a flag that is on for it. */
  readonly segments: readonly string[];
}

/** Optimizely's datafile, version 4, as its SDKs read it. */
export function makeDatafile(parts: DatafileParts): object {
  const { sdkKey, revision, integration, segments } = parts;
  return {
    version: '4',
    revision,
    sdkKey,
    environmentKey: 'sandbox',
    accountId: '1',
    projectId: '1',
    anonymizeIP: true,
    botFiltering: false,
    attributes: [],
    events: [],
    variables: [],
    groups: [],
    experiments: [],
    featureFlags: segments.map((name, index) => ({
      id: idOf(index, 'flag'),
      key: name,
      rolloutId: idOf(index, 'rollout'),
      experimentIds: [],
      variables: [],
    })),
    rollouts: segments.map((_, index) => ({
      id: idOf(index, 'rollout'),
      experiments: [ruleOf(index)],
    })),
    // SDKs of before typed audiences read a condition here that nobody meets.
    audiences: segments.map((name, index) => ({
      id: idOf(index, 'audience'),
      name,
      conditions:
        '["or", {"match": "exact", "name": "$opt_dummy_attribute", "type": "custom_attribute", "value": "$opt_dummy_value"}]',
    })),
    typedAudiences: segments.map((name, index) => ({
      id: idOf(index, 'audience'),
      name,
      conditions: ['and', ['or', ['or', qualifiedFor(name)]]],
    })),
    integrations: integration === null ? [] : [{ key: 'odp', ...integration }],
  };
}

function qualifiedFor(segment: string) {
  return {
    type: 'third_party_dimension',
    name: 'odp.audiences',
    match: 'qualified',
    value: segment,
  };
}

/** A rule that is on for the segment's audience, all of it. */
function ruleOf(index: number) {
  const [id, variation] = [idOf(index, 'rule'), idOf(index, 'variation')];
  return {
    id,
    key: id,
    status: 'Running',
    layerId: idOf(index, 'rollout'),
    audienceIds: [idOf(index, 'audience')],
    forcedVariations: {},
    trafficAllocation: [{ entityId: variation, endOfRange: 10_000 }],
    variations: [
      { id: variation, key: 'on', featureEnabled: true, variables: [] },
    ],
  };
}

function idOf(index: number, kind: string): string {
  return `${kind}-${index + 1}`;
}
