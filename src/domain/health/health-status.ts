/** Argo CD's health statuses, best first. */
export type HealthStatus = 'Healthy' | 'Suspended' | 'Progressing' | 'Missing' | 'Degraded' | 'Unknown';

export interface Health {
  status: HealthStatus;
  /** Why; '' where there is nothing to say. */
  message: string;
}
