import * as v from 'valibot';

// What the commands read of the API's answers; all else is passed on as it came.

const Revision = v.looseObject({ repository: v.string(), ref: v.string(), commit: v.string() });
const Applied = v.looseObject({
  generation: v.number(),
  rollout: v.string(),
  revisions: v.array(Revision),
  at: v.optional(v.number()),
});
const Health = v.looseObject({ status: v.string(), message: v.optional(v.string(), '') });
const Standing = v.looseObject({ phase: v.string(), message: v.optional(v.string(), '') });
const State = {
  id: v.string(),
  sync: v.string(),
  health: Health,
  desired: v.optional(Applied),
  applied: v.optional(Applied),
  outcome: v.optional(Standing),
  pinned: v.optional(v.looseObject({ generation: v.number() })),
  refGone: v.optional(v.looseObject({ message: v.string() })),
};

/** An application in the list. */
export const ListedApplication = v.looseObject({ ...State, cluster: v.string(), environment: v.string() });

/** All of one application. */
export const ApplicationDetail = v.looseObject({
  ...State,
  compared: v.optional(v.looseObject({ at: v.number() })),
  spec: v.looseObject({ cluster: v.string(), environment: v.string(), project: v.optional(v.string(), '') }),
  history: v.array(Applied),
  resources: v.array(
    v.looseObject({
      group: v.optional(v.string(), ''),
      kind: v.string(),
      namespace: v.optional(v.string(), ''),
      name: v.string(),
      sync: v.string(),
      health: v.optional(Health),
      message: v.optional(v.string(), ''),
    }),
  ),
});
export type ApplicationDetail = v.InferOutput<typeof ApplicationDetail>;

const Planned = v.looseObject({
  application: v.string(),
  environment: v.string(),
  cluster: v.string(),
  reason: v.optional(v.string(), ''),
});

/** A rollout's row. */
export const Rollout = v.looseObject({
  id: v.string(),
  repository: v.string(),
  ref: v.string(),
  commit: v.string(),
  subject: v.optional(v.string(), ''),
  cause: v.string(),
  state: v.string(),
  createdAt: v.number(),
  finishedAt: v.optional(v.number()),
  attempt: v.number(),
  applications: v.array(Planned),
  sources: v.optional(
    v.array(
      v.looseObject({
        repository: v.string(),
        ref: v.string(),
        commit: v.string(),
        chart: v.exactOptional(v.string()),
      }),
    ),
    [],
  ),
  problems: v.array(v.looseObject({ severity: v.string(), text: v.string() })),
});

/** A rollout and what became of its applications. */
export const RolloutDetail = v.looseObject({
  rollout: Rollout,
  outcomes: v.array(v.looseObject({ application: v.string(), ...Standing.entries })),
});
export type RolloutDetail = v.InferOutput<typeof RolloutDetail>;

/** A page of what is listed. */
export const list = <Item extends v.GenericSchema>(item: Item) => v.looseObject({ items: v.array(item) });

/** What was asked for. */
export const Asked = v.looseObject({ application: v.string(), generation: v.number() });
export const Refreshed = v.looseObject({ application: v.string(), at: v.number() });
export const RolledBack = v.looseObject({ ...Asked.entries, to: v.number(), rollout: v.string() });
export const Retried = v.looseObject({ rollout: v.string(), attempt: v.number(), applications: v.array(v.string()) });
export const Aborted = v.looseObject({ rollout: v.string(), applications: v.array(v.string()) });
export const RolledBackRollout = Aborted;
export const ApprovedRemoval = v.looseObject({ applications: v.array(v.string()) });

/** What an operator asked for. */
export const DeadQueue = v.looseObject({ queue: v.string(), messages: v.number(), sample: v.array(v.string()) });
export const Redriven = v.looseObject({ queue: v.string(), moved: v.number() });
export const Replayed = v.looseObject({ delivery: v.string(), repository: v.string(), ref: v.string() });

/** Why the server refused. */
export const Refused = v.looseObject({ error: v.string(), message: v.string() });
