//! The machine, in words: numbers of two machines cannot be compared, ratios to the floor can.

use std::fs;

/// Processor, cores, memory and kernel, one per line.
pub(super) fn describe() -> Vec<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let system = rustix::system::uname();
    let model = field(&cpu, "model name").unwrap_or("unknown processor");
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let gibibytes = field(&memory, "MemTotal")
        .and_then(|total| total.strip_suffix(" kB")?.parse::<f64>().ok())
        .map_or(0.0, |kibibytes| kibibytes / 1024.0 / 1024.0);
    let virtual_machine = if cpu.contains("hypervisor") { ", virtual" } else { "" };
    vec![
        format!("{model}, {cores} cores{virtual_machine}, {gibibytes:.0} GiB"),
        format!("{} {}", system.sysname().to_string_lossy(), system.release().to_string_lossy()),
        format!("Driftbelt {}, protocol {}", env!("CARGO_PKG_VERSION"), shared::PROTOCOL_VERSION),
    ]
}

/// The value behind `name :` in the first line that has it.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start().strip_prefix(':')?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        let text = "processor\t: 0\nmodel name\t: Fast One\nMemTotal:  1024 kB\n";
        assert_eq!(field(text, "model name"), Some("Fast One"));
        assert_eq!(field(text, "MemTotal"), Some("1024 kB"));
        assert_eq!(field(text, "absent"), None);
        assert_eq!(describe().len(), 3);
    }
}
