// Succeeds when the private PostgreSQL has programs to run, or none is needed.
import { findPostgres } from './lib.mjs';

process.exit(process.env.DATABASE_URL || process.env.GUILDHALL_PG_BIN || findPostgres() ? 0 : 1);
