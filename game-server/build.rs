//! Watches the folders that a release carries inside, so that a new file in them is seen. Other builds read them when they
//! run.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("PROFILE").is_none_or(|profile| profile != "release") {
        return;
    }
    for folder in ["../client-web/dist", "../assets/modes", "../assets/arenas", "../assets/words"] {
        // Cargo watches only what exists, and the web client may not have been built yet.
        if let Err(error) = std::fs::create_dir_all(folder) {
            println!("cargo::warning=cannot make {folder}: {error}");
        }
        println!("cargo::rerun-if-changed={folder}");
    }
}
