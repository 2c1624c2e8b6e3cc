import { way } from './way.ts';

way.scheme = 'IAM';
