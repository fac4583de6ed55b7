//! The import table for TypeScript: what a folder never imports.

use crate::lexer::{Language, Piece, Token, tokens};
use crate::{Breach, Source};

/// Folders that draw.
const VIEWS: [&str; 2] = ["client-web/src/view/", "client-web/src/ui/"];
/// The folder they never import from.
const NET: &str = "client-web/src/net";

/// Every import of the file that breaks the rule.
pub fn check(source: &Source) -> Vec<Breach> {
    if !VIEWS.iter().any(|view| source.file.starts_with(view)) {
        return Vec::new();
    }
    let tokens = tokens(&source.text, Language::TypeScript);
    let imports = (0..tokens.len()).filter_map(|at| imported(&tokens[at..]));
    imports
        .filter(|(specifier, _)| leads_to_net(&source.file, specifier))
        .map(|(specifier, line)| Breach {
            file: source.file.clone(),
            line,
            message: format!("\"{specifier}\" is imported, but view and ui know the frame and no network"),
        })
        .collect()
}

/// The specifier, if an import's last words stand here: `from "x"`, `import "x"`, `import("x")`.
fn imported(tokens: &[Token]) -> Option<(&str, usize)> {
    let (first, rest) = tokens.split_first()?;
    if !first.is_word("from") && !first.is_word("import") {
        return None;
    }
    let specifier = rest.iter().find(|token| !token.is_sign('('));
    match specifier {
        Some(Token { piece: Piece::Text(specifier), line }) => Some((specifier, *line)),
        _ => None,
    }
}

fn leads_to_net(file: &str, specifier: &str) -> bool {
    if !specifier.starts_with('.') {
        // An alias of our own tree, or Node's module of that name: neither belongs here.
        return specifier.split('/').any(|segment| segment == "net");
    }
    let mut path: Vec<&str> = file.split('/').collect();
    path.pop();
    for segment in specifier.split('/') {
        match segment {
            "." => {}
            ".." => drop(path.pop()),
            name => path.push(name),
        }
    }
    let path = path.join("/");
    path.strip_prefix(NET).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::Source;

    fn lines_broken(file: &str, text: &str) -> Vec<usize> {
        let source = Source { file: file.to_owned(), text: text.to_owned() };
        check(&source).iter().map(|breach| breach.line).collect()
    }

    #[test]
    fn imports_of_net_are_breaches() {
        for file in ["client-web/src/view/stage.ts", "client-web/src/ui/hud.tsx"] {
            assert_eq!(lines_broken(file, "// x\nimport { Link } from \"../net/link.ts\";"), [2]);
            assert_eq!(lines_broken(file, "import type {\n  Link,\n} from '../net';"), [3]);
            assert_eq!(lines_broken(file, "export * from \"./../net/link\";"), [1]);
            assert_eq!(lines_broken(file, "const link = await import(\"../net/link.ts\");"), [1]);
            assert_eq!(lines_broken(file, "import \"@/net/link\";"), [1]);
        }
        assert_eq!(lines_broken("client-web/src/view/deep/er.ts", "import \"../../net/link\";"), [1]);
    }

    #[test]
    fn other_imports_are_free() {
        let text = "// from \"../net/x\"\nimport { Graph } from \"./netgraph.tsx\";\nimport { Reader } from \"../frame.ts\";";
        assert_eq!(lines_broken("client-web/src/ui/hud.tsx", text), [0; 0]);
        assert_eq!(lines_broken("client-web/src/game.ts", "import { Link } from \"./net/link.ts\";"), [0; 0]);
    }
}
