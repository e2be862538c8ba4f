using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace ConvTransfer.Engine.Threads;

/// <summary>
/// A fixed number of threads that divide the units of one piece of work among themselves. The caller is one of them.
/// After a piece of work the threads spin for a short time, so that the next one starts at once, then they sleep.
/// A crew works for one caller at a time.
/// </summary>
public sealed unsafe class Crew : IDisposable
{
    // Long enough to bridge the gap between two steps of a plan, short enough not to steal a core from others for long.
    private static readonly long SpinTicks = Stopwatch.Frequency * 30 / 1_000_000;

    private readonly Thread[] _threads;
    private readonly Counters _counters = new();
    private readonly SemaphoreSlim _wake = new(0);
    private CrewWork? _work;
    private void* _state;
    private int _units;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _stopping;

    /// <summary>Creates a crew; a size of 1 has no threads of its own.</summary>
    /// <param name="size">The number of threads that work, the caller included.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not between 1 and 1024.</exception>
    public Crew(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1024);
        Size = size;
        _threads = new Thread[size - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Serve(worker)) { IsBackground = true, Name = $"ConvTransfer crew {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>The number of threads that work, the caller included.</summary>
    public int Size { get; }

    /// <summary>Runs all units and returns when the last is done. Allocates nothing.</summary>
    /// <param name="work">What a unit does.</param>
    /// <param name="state">Handed on to every unit.</param>
    /// <param name="units">The number of units.</param>
    /// <exception cref="ObjectDisposedException">The crew was disposed.</exception>
    internal void For(CrewWork work, void* state, int units)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (units <= 0) return;
        if (_threads.Length == 0 || units == 1)
        {
            for (int unit = 0; unit < units; unit++) work.RunUnit(state, unit, 0);
            return;
        }
        _work = work;
        _state = state;
        _units = units;
        _counters.Next = 0;
        Volatile.Write(ref _counters.Busy, _threads.Length);
        Interlocked.Increment(ref _counters.Generation);
        int asleep = Volatile.Read(ref _counters.Asleep);
        if (asleep > 0) Wake();
        Work(0);
        Join();
        var failure = _failure;
        _work = null;
        if (failure is null) return;
        _failure = null;
        failure.Throw();
    }

    /// <summary>Ends the threads. Must not be called while work runs.</summary>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        Interlocked.Increment(ref _counters.Generation);
        Wake();
        foreach (var thread in _threads) thread.Join();
        _wake.Dispose();
    }

    // Every sleeper that has announced itself gets its permit; one that announces itself later looks at the generation again before it sleeps.
    private void Wake()
    {
        int sleepers = Interlocked.Exchange(ref _counters.Asleep, 0);
        if (sleepers > 0) _wake.Release(sleepers);
    }

    private void Join()
    {
        var spinner = new SpinWait();
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _counters.Busy) > 0)
        {
            // A worker that lost its core holds up the step: give the core away instead of burning it.
            if (Stopwatch.GetTimestamp() - start < SpinTicks) Thread.SpinWait(8);
            else spinner.SpinOnce(sleep1Threshold: -1);
        }
    }

    private void Serve(int worker)
    {
        int seen = 0;
        while (true)
        {
            int generation = Await(seen);
            if (_stopping) return;
            seen = generation;
            Work(worker);
            Interlocked.Decrement(ref _counters.Busy);
        }
    }

    private int Await(int seen)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            int generation = Volatile.Read(ref _counters.Generation);
            if (generation != seen) return generation;
            if (Stopwatch.GetTimestamp() - start < SpinTicks)
            {
                Thread.SpinWait(8);
                continue;
            }
            Interlocked.Increment(ref _counters.Asleep);
            generation = Volatile.Read(ref _counters.Generation);
            if (generation != seen && TryCancelSleep()) return generation;
            _wake.Wait();
            start = Stopwatch.GetTimestamp();
        }
    }

    // False when the permit is already on its way: it must then be taken.
    private bool TryCancelSleep()
    {
        while (true)
        {
            int asleep = Volatile.Read(ref _counters.Asleep);
            if (asleep == 0) return false;
            if (Interlocked.CompareExchange(ref _counters.Asleep, asleep - 1, asleep) == asleep) return true;
        }
    }

    private void Work(int worker)
    {
        var work = _work!;
        void* state = _state;
        int units = _units;
        try
        {
            while (true)
            {
                int unit = Interlocked.Increment(ref _counters.Next) - 1;
                if (unit >= units) return;
                work.RunUnit(state, unit, worker);
            }
        }
        catch (Exception e)
        {
            // The first failure is reported; the rest of the units is given up.
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            Volatile.Write(ref _counters.Next, units);
        }
    }

    // Each counter on a cache line of its own, so that taking a unit does not disturb those who wait.
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit, Size = 320)]
    private sealed class Counters
    {
        [System.Runtime.InteropServices.FieldOffset(64)] public int Generation;
        [System.Runtime.InteropServices.FieldOffset(128)] public int Next;
        [System.Runtime.InteropServices.FieldOffset(192)] public int Busy;
        [System.Runtime.InteropServices.FieldOffset(256)] public int Asleep;
    }
}
