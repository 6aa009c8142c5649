import type { KubernetesObject } from '../../kubernetes-object.ts';
import { recordAt, textAt } from '../fields.ts';
import {
  condition,
  from,
  holds,
  type Kinds,
  kinds,
  type Message,
  otherwise,
  phase,
  type Rule,
  ready,
  reported,
  rules,
  when,
} from './rules.ts';

const cephMessage: Message = (object) => {
  const details = Object.values(recordAt(object, 'status.ceph.details')).map((one) => textAt(one, 'message'));
  const health = textAt(object, 'status.ceph.health') || textAt(object, 'status.state');
  return [health, ...details.toSorted(), textAt(object, 'status.message')].filter(Boolean).join('; ');
};

const cephCluster = rules(
  reported(),
  phase('status.ceph.health', { Degraded: ['HEALTH_ERR', 'HEALTH_WARN'] }, cephMessage),
  phase('status.state', { Degraded: ['Error'] }, cephMessage),
  phase(
    'status.state',
    { Progressing: ['Creating', 'Connecting', 'Updating', 'Upgrading', 'Deleting', 'Progressing'] },
    from('status.message', 'Waiting for the cluster'),
  ),
  phase('status.ceph.health', { Healthy: ['HEALTH_OK'] }, cephMessage),
  phase('status.state', { Healthy: ['Created', 'Connected'] }, from('status.message')),
  otherwise('Progressing', from('status.message', 'Waiting for the cluster')),
);

/** Rook's other kinds and bucket claims. */
const byPhase: Rule = rules(
  reported('status.phase'),
  phase('status.phase', {
    Healthy: ['Ready', 'Connected', 'Created', 'Bound'],
    Degraded: ['Failure', 'Failed', 'Error', 'ReconcileFailed'],
  }),
  otherwise('Progressing', from('status.phase')),
);

const CEPH = [
  'CephBlockPool',
  'CephBlockPoolRadosNamespace',
  'CephFilesystem',
  'CephFilesystemSubVolumeGroup',
  'CephNFS',
  'CephObjectStore',
  'CephObjectStoreUser',
  'CephRBDMirror',
  'CephObjectRealm',
  'CephObjectZone',
  'CephObjectZoneGroup',
];

/** Tenant states in which MinIO's operator does not go on. */
const STUCK_TENANT = [
  'Another MinIO Tenant already exists in the namespace',
  'Different versions across MinIO Pools',
  'Pool Decommissioning Not Allowed',
  'Provided password is too short',
  'Statefulset not controlled by operator',
  'Tenant credentials are not set properly',
];

const minioTenant = rules(
  reported('status.currentState'),
  phase('status.currentState', { Healthy: ['Initialized'], Degraded: STUCK_TENANT }),
  otherwise('Progressing', from('status.currentState')),
);

const storageCluster = rules(
  reported('status.conditions'),
  condition('Degraded', 'True', 'Degraded'),
  condition('Progressing', 'True', 'Progressing'),
  condition('Available', 'False', 'Degraded'),
  condition('Available', 'True', 'Healthy'),
  otherwise('Progressing', 'Waiting for the cluster'),
);

/** Astra Control's runs: snapshots, backups, hooks. */
const astraRun = rules(
  reported(),
  phase('status.state', {
    Healthy: ['Completed'],
    Degraded: ['Failed', 'Error'],
    Suspended: ['Paused'],
  }),
  otherwise('Progressing', from('status.state', 'Waiting for the run to start')),
);

const ASTRA_RUNS = [
  'AppMirrorRelationship',
  'AutoSupportBundle',
  'Backup',
  'BackupInplaceRestore',
  'BackupRestore',
  'ExecHooksRun',
  'KopiaVolumeBackup',
  'KopiaVolumeRestore',
  'PVCCopy',
  'PVCErase',
  'ResourceBackup',
  'ResourceDelete',
  'ResourceRestore',
  'ResourceSummaryUpload',
  'ResticVolumeBackup',
  'ResticVolumeRestore',
  'Snapshot',
  'SnapshotInplaceRestore',
  'SnapshotRestore',
];

const appVault = rules(
  reported('status.state'),
  phase('status.state', { Healthy: ['available'], Degraded: ['error', 'unavailable'] }),
  otherwise('Progressing', from('status.state')),
);

const enabled = (object: KubernetesObject): boolean => holds(object, 'spec.enabled');

const tridentBackend = rules(
  reported('status.lastOperationStatus'),
  phase('status.lastOperationStatus', { Healthy: ['Success'], Degraded: ['Failed'] }, from('status.message')),
  otherwise('Progressing', from('status.message')),
);

const tridentOrchestrator = rules(
  reported('status.status'),
  phase('status.status', { Healthy: ['Installed'], Degraded: ['Error', 'Failed'] }, from('status.message')),
  otherwise('Progressing', from('status.message')),
);

/** Storage, backup and buckets. */
export const storageKinds: Kinds = {
  'ceph.rook.io/CephCluster': cephCluster,
  ...kinds('ceph.rook.io', CEPH, byPhase),
  'objectbucket.io/ObjectBucketClaim': byPhase,
  'minio.min.io/Tenant': minioTenant,
  'ocs.openshift.io/StorageCluster': storageCluster,
  ...kinds('astra.netapp.io', ASTRA_RUNS, astraRun),
  'astra.netapp.io/Application': ready(),
  'astra.netapp.io/AppVault': appVault,
  'astra.netapp.io/ExecHook': rules(when(enabled, 'Healthy', 'Enabled'), otherwise('Suspended', 'Not enabled')),
  'astra.netapp.io/Schedule': rules(when(enabled, 'Healthy', 'Enabled'), otherwise('Suspended', 'Not enabled')),
  'trident.netapp.io/TridentBackendConfig': tridentBackend,
  'trident.netapp.io/TridentOrchestrator': tridentOrchestrator,
};
