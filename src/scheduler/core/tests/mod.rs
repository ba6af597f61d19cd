mod chaos;
mod commands;
mod delaying;
mod failing;
mod launching;
mod placing;
mod upgrading;
mod world;
