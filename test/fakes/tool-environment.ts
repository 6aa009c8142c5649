import { localTools } from './local-tools.ts';

/** This process's environment with the tools of this checkout, so that no command of a test unpacks its own. */
export const toolEnvironment = async (): Promise<NodeJS.ProcessEnv> => {
  const { helm, kubectl } = await localTools();
  return { ...process.env, TOWLINE_HELM: helm, TOWLINE_KUBECTL: kubectl };
};
