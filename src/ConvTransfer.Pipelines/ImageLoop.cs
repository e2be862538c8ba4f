using System.Diagnostics;
using System.Runtime.ExceptionServices;
using ConvTransfer.Core;

namespace ConvTransfer.Pipelines;

/// <summary>Does something for each of many images on several threads, one image to a thread at a time. Results stand where their index says, so threads do not change them.</summary>
internal static class ImageLoop
{
    /// <summary>Runs <paramref name="body"/> for every index and returns when all are done.</summary>
    /// <param name="count">The number of images.</param>
    /// <param name="workers">The number of threads, the caller included.</param>
    /// <param name="phase">What is being done, for the reports.</param>
    /// <param name="body">Takes the worker's number (for what each thread has of its own) and the image's index.</param>
    /// <param name="progress">Told after every image, with counts that only grow; or null.</param>
    /// <param name="cancellationToken">Stops before the next image.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <remarks>When images fail, the exception of the one with the lowest index is thrown, unchanged. Images are taken in order, so that is the same one in every run.</remarks>
    public static void Run(int count, int workers, string phase, Action<int, int> body, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        cancellationToken.ThrowIfCancellationRequested();
        var loop = new Loop(count, phase, body, progress, cancellationToken);
        var threads = new Thread[Math.Max(0, Math.Min(workers, count) - 1)];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            threads[i] = new Thread(() => loop.Work(worker)) { IsBackground = true, Name = $"ConvTransfer {phase} {worker}" };
            threads[i].Start();
        }
        loop.Work(0);
        foreach (var thread in threads) thread.Join();
        loop.Finish();
    }

    private sealed class Loop(int count, string phase, Action<int, int> body, IProgress<ProgressReport>? progress, CancellationToken cancellationToken)
    {
        private readonly long _start = Stopwatch.GetTimestamp();
        private readonly Lock _lock = new();
        private int _next = -1;
        private int _done;
        private int _failedIndex = int.MaxValue;
        private ExceptionDispatchInfo? _failure;

        public void Work(int worker)
        {
            while (!cancellationToken.IsCancellationRequested && Volatile.Read(ref _failedIndex) == int.MaxValue)
            {
                int index = Interlocked.Increment(ref _next);
                if (index >= count) return;
                try
                {
                    body(worker, index);
                    Report();
                }
                catch (Exception e)
                {
                    // Kept until all threads have stopped; then the first one is thrown as it was.
                    lock (_lock)
                    {
                        if (index >= _failedIndex) continue;
                        _failedIndex = index;
                        _failure = ExceptionDispatchInfo.Capture(e);
                    }
                }
            }
        }

        public void Finish()
        {
            _failure?.Throw();
            if (_done < count) cancellationToken.ThrowIfCancellationRequested();
        }

        private void Report()
        {
            lock (_lock)
            {
                _done++;
                progress?.Report(new ProgressReport(phase, _done, count, "images", Stopwatch.GetElapsedTime(_start)));
            }
        }
    }
}
