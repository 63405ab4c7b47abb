// Package dbtest gives tests databases: fresh, migrated, their own, on both engines, gone afterwards.
//
// SQLite databases are files in the test's temporary folder. PostgreSQL databases are clones of a template in one
// cluster: the one that MEMBERPAY_TEST_POSTGRES names (a superuser's URL), or else a private cluster in the system's
// temporary folder, started by the first test that needs it, shared by every test process of this user and left running
// for the next run. "make clean" stops it.
//
// Where PostgreSQL is not installed its tests are skipped with the command that installs it, and fail instead where
// MEMBERPAY_REQUIRE_ALL=1 ("make test" and CI set it), so that half a test run cannot pass for a whole one.
package dbtest
