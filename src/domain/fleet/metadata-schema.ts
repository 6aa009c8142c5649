import * as v from 'valibot';

const text = v.string();
const labels = v.record(text, text);

const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Kubernetes' metadata; what the API server adds is known, so that an exported object gets no warnings. */
export const MetadataSchema = v.object({
  name: v.pipe(
    text,
    v.maxLength(253, 'must be at most 253 characters'),
    v.regex(DNS_SUBDOMAIN, 'must be lower-case letters, digits, "-" and "."'),
  ),
  namespace: v.optional(v.pipe(text, v.regex(DNS_LABEL, 'must be lower-case letters, digits and "-"'))),
  labels: v.optional(labels),
  annotations: v.optional(labels),
  finalizers: v.optional(v.array(text)),
  creationTimestamp: v.optional(v.unknown()),
  deletionGracePeriodSeconds: v.optional(v.unknown()),
  deletionTimestamp: v.optional(v.unknown()),
  generateName: v.optional(v.unknown()),
  generation: v.optional(v.unknown()),
  managedFields: v.optional(v.unknown()),
  ownerReferences: v.optional(v.unknown()),
  resourceVersion: v.optional(v.unknown()),
  selfLink: v.optional(v.unknown()),
  uid: v.optional(v.unknown()),
});
