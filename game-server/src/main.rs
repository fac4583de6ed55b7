//! The binary of the server.

use std::process::ExitCode;

fn main() -> ExitCode {
    game_server::commands::main()
}
