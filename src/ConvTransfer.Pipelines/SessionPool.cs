using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>
/// The sessions of one model for callers on any number of threads. A caller on its own gets all threads for its image; callers side by
/// side get one each, since images in parallel need no waiting for each other. The bits are the same either way.
/// </summary>
/// <remarks>At most one session for each processor and one with all of them exist; further callers wait for one to come back. After <see cref="Dispose"/> the calls that are running end as they would have; the last one frees the memory.</remarks>
internal sealed class SessionPool : IDisposable
{
    private readonly Planner _planner;
    private readonly object _lock = new();
    private readonly Stack<Session> _idle = new();
    private readonly Session? _wide;
    private int _narrow;
    private int _active;
    private bool _isWideIdle;
    private bool _disposed;

    /// <summary>Creates a pool, which then owns the planner.</summary>
    /// <param name="planner">The model.</param>
    /// <param name="threads">The number of threads.</param>
    public SessionPool(Planner planner, int threads)
    {
        _planner = planner;
        Threads = threads;
        if (threads > 1) _wide = planner.CreateSession(threads);
        _isWideIdle = _wide is not null;
    }

    /// <summary>The number of threads.</summary>
    public int Threads { get; }

    /// <summary>A session that the caller gives back by <see cref="Return"/>.</summary>
    /// <param name="sideBySide">True when the caller itself runs one image on each thread.</param>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public Session Rent(bool sideBySide)
    {
        lock (_lock)
        {
            while (true)
            {
                ObjectDisposedException.ThrowIf(_disposed, typeof(TransferModel));
                if (!sideBySide && _isWideIdle && _active == 0)
                {
                    _isWideIdle = false;
                    _active++;
                    return _wide!;
                }
                if (_idle.TryPop(out var found))
                {
                    _active++;
                    return found;
                }
                if (_narrow < Threads)
                {
                    var made = _planner.CreateSession(1);
                    _narrow++;
                    _active++;
                    return made;
                }
                Monitor.Wait(_lock);
            }
        }
    }

    /// <summary>Throws when the pool was disposed.</summary>
    public void ThrowIfDisposed()
    {
        lock (_lock) ObjectDisposedException.ThrowIf(_disposed, typeof(TransferModel));
    }

    /// <summary>Gives a session back.</summary>
    public void Return(Session session)
    {
        lock (_lock)
        {
            _active--;
            if (ReferenceEquals(session, _wide)) _isWideIdle = true;
            else _idle.Push(session);
            if (_disposed && _active == 0) Free();
            else Monitor.Pulse(_lock);
        }
    }

    /// <summary>Refuses further calls, and frees everything once no call is running. A second call does nothing.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            if (_active == 0) Free();
            Monitor.PulseAll(_lock);
        }
    }

    private void Free()
    {
        _wide?.Dispose();
        while (_idle.TryPop(out var session)) session.Dispose();
        _planner.Dispose();
    }
}
