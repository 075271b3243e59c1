//! snek compiler: driver.
