/work/main/tests/model/target/release/deps/snek_model-bb29fc86fb46859f.d: src/lib.rs src/../../../runtime/src/par/board.rs src/../../../runtime/src/par/claims.rs src/sync.rs src/tests.rs

/work/main/tests/model/target/release/deps/snek_model-bb29fc86fb46859f: src/lib.rs src/../../../runtime/src/par/board.rs src/../../../runtime/src/par/claims.rs src/sync.rs src/tests.rs

src/lib.rs:
src/../../../runtime/src/par/board.rs:
src/../../../runtime/src/par/claims.rs:
src/sync.rs:
src/tests.rs:
