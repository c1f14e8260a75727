export const runMicro = async (): Promise<number> => 0;
