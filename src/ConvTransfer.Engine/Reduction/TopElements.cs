using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Reduction;

/// <summary>The k greatest or least elements of each row along the middle axis of [outer, length, inner], in order, with their indices; of equal ones the first comes first, and a NaN before all numbers. Immutable.</summary>
/// <remarks>A heap of the row's indices, from which the first is taken k times: length + k · log(length) comparisons.</remarks>
internal sealed unsafe class TopElements<T>(nint outer, int length, nint inner, int k, bool greatest) : CrewWork where T : unmanaged, INumber<T>
{
    private readonly nint _rows = outer * inner;

    private nint RowsPerUnit => Math.Max(1, 4096 / Math.Max(1, length));

    /// <summary>Working memory in bytes for a crew of a size.</summary>
    public long ScratchBytes(int crew) => k == 0 || _rows == 0 ? 0 : (long)crew * length * sizeof(int);

    /// <summary>Finds the elements.</summary>
    /// <param name="x">[outer, length, inner].</param>
    /// <param name="values">[outer, k, inner], or null.</param>
    /// <param name="indices">[outer, k, inner], or null.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, aligned to 4.</param>
    /// <param name="crew">The threads.</param>
    public void Run(T* x, T* values, long* indices, byte* scratch, Crew crew)
    {
        void** state = stackalloc void*[] { x, values, indices, scratch };
        if (k > 0) crew.For(this, state, checked((int)((_rows + RowsPerUnit - 1) / RowsPerUnit)));
    }

    internal override void RunUnit(void* state, int unit, int worker)
    {
        void** at = (void**)state;
        T* values = (T*)at[1];
        long* indices = (long*)at[2];
        int* heap = (int*)at[3] + ((nint)worker * length);
        nint end = Math.Min(_rows, (unit + 1) * RowsPerUnit);
        for (nint row = unit * RowsPerUnit; row < end; row++)
        {
            T* x = (T*)at[0] + (row / inner * length * inner) + (row % inner);
            nint to = (row / inner * k * inner) + (row % inner);
            for (int i = 0; i < length; i++) heap[i] = i;
            for (int i = (length / 2) - 1; i >= 0; i--) Sink(x, heap, i, length);
            for (int i = 0; i < k; i++, to += inner)
            {
                if (values is not null) values[to] = x[heap[0] * inner];
                if (indices is not null) indices[to] = heap[0];
                heap[0] = heap[length - 1 - i];
                Sink(x, heap, 0, length - 1 - i);
            }
        }
    }

    private void Sink(T* x, int* heap, int at, int count)
    {
        int sinking = heap[at];
        for (int child = (2 * at) + 1; child < count; at = child, child = (2 * at) + 1)
        {
            if (child + 1 < count && ComesBefore(x, heap[child + 1], heap[child])) child++;
            if (!ComesBefore(x, heap[child], sinking)) break;
            heap[at] = heap[child];
        }
        heap[at] = sinking;
    }

    private bool ComesBefore(T* x, int a, int b)
    {
        T left = x[a * inner], right = x[b * inner];
        if (T.IsNaN(left) || T.IsNaN(right)) return T.IsNaN(left) && (!T.IsNaN(right) || a < b);
        return left == right ? a < b : greatest ? left > right : left < right;
    }
}
