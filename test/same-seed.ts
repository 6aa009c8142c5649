import fc from 'fast-check';

// Every run plays the same random cases, so that a failure is of the change at hand; TOWLINE_SEED plays others.
fc.configureGlobal({ seed: Number(process.env.TOWLINE_SEED ?? 20_261_121) });
