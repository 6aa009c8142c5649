import { describe } from 'vitest';
import { playHistories } from './play-histories.ts';

describe('random histories', () => playHistories(1));
