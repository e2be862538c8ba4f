using Microsoft.Extensions.Logging;

namespace ConvTransfer.Cli;

/// <summary>Says what the pipeline has to say as lines on standard error; a warning that every fold would repeat is said once.</summary>
internal sealed class LineLogger(Action<string> log) : ILogger
{
    private readonly HashSet<string> _warned = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        string line = formatter(state, exception);
        if (logLevel < LogLevel.Warning)
        {
            log(line);
            return;
        }
        lock (_warned)
        {
            if (!_warned.Add(line)) return;
        }
        log($"warning: {line}");
    }
}
