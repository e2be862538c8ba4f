using ConvTransfer.Core;
using Spectre.Console;

namespace ConvTransfer.Cli.Shell;

/// <summary>Shows on a terminal's standard error how long work goes on. The bar appears with the first report and goes when the work ends.</summary>
internal sealed class ProgressBar : IProgress<ProgressReport>
{
    private readonly ProgressContext _context;
    private readonly Dictionary<string, ProgressTask> _tasks = [];
    private readonly Lock _lock = new();

    private ProgressBar(ProgressContext context) => _context = context;

    /// <summary>Does work with a bar, and returns what it returns.</summary>
    /// <param name="error">Standard error, which must be a terminal.</param>
    /// <param name="work">Takes where to report, and where to write a line above the bar.</param>
    public static T Show<T>(TextWriter error, Func<IProgress<ProgressReport>, Action<string>, T> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        return console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new ProgressBar(context), line => console.WriteLine(line)));
    }

    /// <inheritdoc/>
    public void Report(ProgressReport value)
    {
        lock (_lock)
        {
            if (!_tasks.TryGetValue(value.Phase, out var task)) _tasks[value.Phase] = task = _context.AddTask(Markup.Escape(DisplayText.Escape(value.Phase)));
            if (value.Detail.Length > 0) task.Description = Markup.Escape(DisplayText.Escape($"{value.Phase}: {value.Detail}"));
            task.IsIndeterminate = value.Total <= 0;
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
        }
    }
}
