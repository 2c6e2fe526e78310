//! A command to type next, as messages and pages show it.

use crate::config::{Settings, WritableByOthers, WritableConfig};
use crate::store::Job;
use crate::text::shell_word;

/// A command line for the queue of these settings.
pub fn command_line(settings: &Settings, words: &[&str]) -> String {
    let mut line = words.iter().fold("cleanup".to_owned(), |line, word| line + " " + &shell_word(word));
    if settings.is_sandbox() {
        line += " --sandbox";
    }
    if let Some(place) = &settings.named_db {
        line = line + " --db " + &shell_word(&place.to_string());
    }
    line
}

/// The same as a sentence shows it.
pub fn command(settings: &Settings, words: &[&str]) -> String {
    format!("`{}`", command_line(settings, words))
}

/// `run` or `load` with a job's file once more, which starts it over; `FILE.csv` where it came through a pipe.
pub fn start_over(settings: &Settings, verb: &str, job: &Job) -> String {
    let path = job.path.to_string_lossy();
    let file = if path == "-" { "FILE.csv" } else { &path };
    let by_itself = job.path.file_stem().is_some_and(|stem| stem == job.name.as_str());
    match by_itself {
        true => command(settings, &[verb, file, "--again"]),
        false => command(settings, &[verb, file, "--job", &job.name, "--again"]),
    }
}

/// What to do about a file that others can write.
pub fn writable_remedy(file: &WritableByOthers) -> String {
    let (command, path) = file.remedy();
    format!("{command} {}", shell_word(&path.to_string_lossy()))
}

/// That others can write the config file, where it decides something of weight; before anything is done by it.
pub fn writable_config_warning(settings: &Settings) -> Option<String> {
    let WritableConfig { file, decides } = settings.writable_config.as_ref()?;
    let (last, before) = decides.split_last()?;
    let all = if before.is_empty() { (*last).to_owned() } else { format!("{} and {last}", before.join(", ")) };
    Some(format!("{file}, and it decides {all}; {}", writable_remedy(file)))
}
