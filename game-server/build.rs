//! Watches the folders that the binary carries inside, so that a new file in them is seen.

fn main() {
    for folder in ["../client-web/dist", "../assets/modes", "../assets/arenas"] {
        // Cargo watches only what exists, and the web client may not have been built yet.
        if let Err(error) = std::fs::create_dir_all(folder) {
            println!("cargo::warning=cannot make {folder}: {error}");
        }
        println!("cargo::rerun-if-changed={folder}");
    }
}
